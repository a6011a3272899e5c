"""How long somebody waits after a stroke: for the first repaint, and for the network of all rounds."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synfine_monai.labelling.retuning import ROUNDS, STEPS
from synfine_monai.labelling.session import Session
from synfine_monai.scans import create_scan, new_scan_info, open_scan

BRUSH = 1.5


def tiled_scan(scan: str | Path, path: Path, side: int, depth: int) -> Path:
    """A scan beside itself until its slices are ``side`` voxels wide and high; ``depth`` of its slices."""
    with open_scan(scan) as opened:
        volume, size = opened.read(0, min(depth, opened.shape[0])), opened.voxel_size_um
    repeats = [-(-side // n) for n in volume.shape[1:]]
    tiled = np.tile(volume, (1, *repeats))[:, :side, :side]
    with create_scan(path, new_scan_info(path, tiled.shape, tiled.dtype, size), tiled.dtype) as sink:
        sink.write(tiled)
    return path


def repaint_times(
    scan: Path, folder: Path, classes: Sequence[str], strokes: int = 6, seen: int = 512, threads: int = 1
) -> list[dict[str, float]]:
    """Paint some strokes and wait after each, as somebody does who sees ``seen``² voxels around it.

    Args:
        scan: with slices at least as wide.
        folder: of the session.
        classes: two of them, painted in turn.
        strokes: that are timed, after two that begin the retuning.
        seen: side of the visible part in voxels.
        threads: of torch, for each of the session's threads.

    Returns:
        For each stroke seconds to "written" (the stroke is on the disk), "first" (the visible part by a network that
        knows it) and "all" (by the network of all rounds), and "steps" that is.
    """
    with Session.open(scan, folder, classes, threads=threads) as session:
        depth, height, width = session.opened.scan.shape
        box = ((height - seen) // 2, (width - seen) // 2, seen, seen)
        rng, times = np.random.default_rng(0), []
        session.wait_idle()
        for number in range(strokes + 2):
            z, at = depth // 2, rng.uniform([box[0], box[1]], [box[0] + seen - 30, box[1] + seen - 30])
            version, begun = session.state()["version"], time.perf_counter()
            session.stroke(number % 2, BRUSH, "xy", z, [at.tolist(), (at + np.array([0, 20])).tolist()])
            written = time.perf_counter()
            if number < 1:
                continue
            _wait_for(session, version + 1)
            session.predicted("xy", z, box)
            first = time.perf_counter()
            session.wait_idle()
            session.predicted("xy", z, box)
            if number >= 2:
                times.append({"written": written - begun, "first": first - begun, "all": time.perf_counter() - begun,
                              "steps": float(ROUNDS * STEPS)})  # fmt: skip
        return times


def _wait_for(session: Session, version: int) -> None:
    state = session.state()
    while state["version"] < version and state["status"] != "idle":
        state = session.wait(state["revision"], 60)
