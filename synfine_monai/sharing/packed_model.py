"""What ``model.json`` tells a partner: all that inference and further fine-tuning need, and no more."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synfine_monai.networks import FORMAT_VERSION

NEEDED = ("architecture", "labels", "phases", "pore_labels", "binary", "normalisation", "voxel_size_um")
WORDS = ("stage", "method", "tune", "selected")
NUMBERS = ("label_budget", "seed", "patch_seed")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_+ -]{0,40}")

BIN_WIDTH = 0.3
"""Of the histogram that leaves, in standard deviations of the grey levels; its shares are whole percent."""


def packed_model_info(info: Mapping[str, Any], name: str, histogram: bool = True) -> dict[str, Any]:
    """The ``model.json`` of a bundle.

    Args:
        info: that of the run.
        name: of the bundle; it takes the place of the task's name.
        histogram: whether a coarse histogram of the training scan goes along, by which ``inference`` warns of scans
            that are unlike it.

    Returns:
        Classes, architecture, normalisation, voxel size, how the network was tuned, the coarse histogram, and how grey
        each class is, by which ``inference`` brings scans onto the scale of training.
    """
    packed = {"format_version": FORMAT_VERSION, "task": name}
    packed |= {key: info[key] for key in NEEDED if key in info}
    packed |= {key: info[key] for key in WORDS if WORD.fullmatch(str(info.get(key, "")))}
    packed |= {key: info[key] for key in NUMBERS if isinstance(info.get(key), int)}
    if histogram and info.get("histogram") and info.get("bin_edges"):
        packed["histogram"], packed["bin_edges"] = coarse_histogram(info["histogram"], info["bin_edges"])
    if histogram and info.get("grey_levels"):
        packed["grey_levels"] = coarse_grey_levels(info["grey_levels"])
    return packed


def coarse_grey_levels(grey_levels: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a ``model.json``, with two bins joined in one and shares in four decimals."""
    edges = [round(edge, 6) for edge in grey_levels["bin_edges"][::2]]
    joined = [np.add.reduceat(one, np.arange(0, len(one), 2)) for one in np.asarray(grey_levels["classes"], float)]
    classes = [(one / one.sum()).round(4).tolist() for one in joined]
    return {"scans": [dict(scan) for scan in grey_levels["scans"]], "bin_edges": edges, "classes": classes}


def coarse_histogram(shares: Sequence[float], edges: Sequence[float]) -> tuple[list[float], list[float]]:
    """Bins joined until each is at least ``BIN_WIDTH`` wide, shares rounded to whole percent that add up to 1.

    Args:
        shares: K shares of the voxels, adding up to 1.
        edges: K + 1 ascending edges.

    Returns:
        Shares and edges of the wider bins; the largest remainders are rounded up.
    """
    shares, edges = np.asarray(shares, float), np.asarray(edges, float)
    joined = max(1, round(BIN_WIDTH / float(np.diff(edges).min())))
    starts = np.arange(0, len(shares), joined)
    percent = 100 * np.add.reduceat(shares, starts) / shares.sum()
    whole = np.floor(percent + 1e-9)
    largest = np.argsort(whole - percent, kind="stable")[: round(100 - whole.sum())]
    whole[largest] += 1
    return (whole / 100).tolist(), [*edges[starts].tolist(), float(edges[-1])]
