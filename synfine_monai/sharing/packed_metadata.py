"""``metadata.json`` of a packed bundle, filled from the run; MONAI's checks read it."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from synfine_monai.sharing.card_facts import value_range
from synfine_monai.sharing.packed_scores import PackedScores

INSTALLED = {"monai_version": "monai", "pytorch_version": "torch", "numpy_version": "numpy"}
KEPT = ("schema", "image_classes", "label_classes", "references", "network_data_format")
"""Entries of our own bundle's metadata that hold for every network made with it, or are filled in below."""

TEXTS = {
    "changelog": "packed from a run of {stage}",
    "task": "Segmentation of {classes} in X-ray micro-CT scans of rock",
    "copyright": "Copyright (c) {authors}; see LICENSE",
    "data_source": "scans and labels of the authors, which are not part of this bundle",
    "data_type": "not part of this bundle",
    "intended_use": "Scans like those of training, with a look at labelled patches first.",
}


def packed_metadata(
    base: Mapping[str, Any],
    info: Mapping[str, Any],
    scores: PackedScores | None,
    name: str,
    version: str,
    description: str,
    authors: str,
) -> dict[str, Any]:
    """Content of ``configs/metadata.json``.

    Args:
        base: that of the bundle which the run was made with.
        info: the packed ``model.json``.
        scores: what was scored, or None.
        name: of the packed bundle.
        version: of the packed bundle, the one entry of its changelog.
        description: in a sentence.
        authors: who gives the bundle away.
    """
    filled = {key: base[key] for key in KEPT if key in base}
    channels = class_channels(info["labels"])
    told = {"stage": info.get("stage", "training"), "classes": _enumerated(info["labels"]), "authors": authors}
    filled |= {key: text.format(**told) for key, text in TEXTS.items()}
    filled |= {
        "version": version,
        "changelog": {version: filled["changelog"]},
        **{key: _installed(package) for key, package in INSTALLED.items()},
        "required_packages_version": {package: _installed(package) for package in base["required_packages_version"]},
        "name": name,
        "description": description,
        "authors": authors,
        "pred_classes": ", ".join(f"{k} {label}" for k, label in channels.items()),
        "eval_metrics": {} if scores is None else scores.as_metadata(),
    }
    filled["network_data_format"] = _data_format(base["network_data_format"], info, channels)
    return {key: filled[key] for key in base if key in filled}


def class_channels(labels: Sequence[str]) -> dict[str, str]:
    """``channel_def`` of the network's output: channel number as text -> class."""
    return {str(k): str(label) for k, label in enumerate(labels)}


def _data_format(base: Mapping[str, Any], info: Mapping[str, Any], channels: Mapping[str, str]) -> dict[str, Any]:
    image, pred = base["inputs"]["image"], base["outputs"]["pred"]
    image = {**image, "num_channels": info["architecture"].get("in_channels", image["num_channels"])}
    image["value_range"] = value_range(info) or image["value_range"]
    pred = {**pred, "num_channels": len(channels), "channel_def": dict(channels)}
    return {"inputs": {"image": image}, "outputs": {"pred": pred}}


def _installed(package: str) -> str:
    """Version without what a build adds to it ("2.13.0+cpu"), which says nothing to another machine."""
    return metadata.version(package).partition("+")[0]


def _enumerated(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
