"""The scores of one run, of a network or of a baseline fitted for it: over voxels, places, and the pores' structure."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from monai.networks.schedulers import DDIMScheduler
from torch import nn

from synfine_monai.baselines import Baseline, DenoiserFeaturesBaseline, RandomForestBaseline, new_baselines
from synfine_monai.conventions import NORMALISATION, UNLABELLED
from synfine_monai.data import LabelledSlice, Task, load_datalist, load_labelled_slices, training_windows
from synfine_monai.inferers import MixedPrecisionInferer
from synfine_monai.metrics import confusion_matrix, encode_counts, place_counts, segmentation_scores
from synfine_monai.networks import load_network, load_rock_denoiser, read_model_info
from synfine_monai.report import network_method
from synfine_monai.rock import two_point_error
from synfine_monai.surgery import teacher_network

SCORES = ("pore_dice", "pore_iou", "mean_dice", "accuracy", "porosity", "porosity_error")


def score_network(
    model: Path, datalist: Path, binary: bool, split: str, device: str, most: int | None = None
) -> dict[str, Any]:
    """Scores of a ``model.pt`` on the labelled slices of ``split``, or on ``most`` of them at even distances."""
    task, slices = split_slices(datalist, binary, split, read_model_info(model)["normalisation"])
    return _score_network(load_network(model), task, _some(slices, most), device)


@lru_cache(maxsize=8)
def score_untuned(
    model: Path, datalist: Path, binary: bool, split: str, device: str, most: int | None = None
) -> dict[str, Any]:
    """The same of a ``model.pt`` before any tuning, whose classes the task may merge: their probabilities are added."""
    task, slices = split_slices(datalist, binary, split, read_model_info(model)["normalisation"])
    network = teacher_network(load_network(model), model, task.phases)
    return _score_network(network, task, _some(slices, most), device)


def predictions_of(model: Path, slices: Sequence[LabelledSlice], device: str = "cpu") -> list[np.ndarray]:
    """Classes (H, W) that a ``model.pt`` finds on each slice."""
    predict = network_method(load_network(model), MixedPrecisionInferer(), device)
    return [predict(s.image, s.fov) for s in slices]


def _score_network(network: nn.Module, task: Task, slices: Sequence[LabelledSlice], device: str) -> dict[str, Any]:
    predict = network_method(network, MixedPrecisionInferer(), device)
    return _score([predict(s.image, s.fov) for s in slices], slices, task)


def score_baseline(
    baseline: Baseline, datalist: Path, binary: bool, split: str, most: int | None = None
) -> dict[str, Any]:
    """The same of a fitted baseline, which knows z-scored grey levels."""
    task, slices = split_slices(datalist, binary, split, NORMALISATION)
    slices = _some(slices, most)
    return _score([baseline.predict(s.image, s.fov) for s in slices], slices, task)


@lru_cache(maxsize=4)
def split_slices(datalist: Path, binary: bool, split: str, normalisation: str) -> tuple[Task, list[LabelledSlice]]:
    """A task and the labelled slices of one split, kept for the next run."""
    task = load_datalist(datalist, binary)
    return task, load_labelled_slices(task, split, normalisation)


def _some(slices: Sequence[LabelledSlice], most: int | None) -> list[LabelledSlice]:
    count = len(slices) if most is None else min(most, len(slices))
    return [slices[i] for i in np.linspace(0, len(slices) - 1, count).round().astype(int)]


def _score(predictions: Sequence[np.ndarray], slices: Sequence[LabelledSlice], task: Task) -> dict[str, Any]:
    confusions: dict[str, np.ndarray] = {}
    places: Any = 0
    for found, s in zip(predictions, slices, strict=True):
        counts = confusion_matrix(found, s.label, s.fov, task.num_classes)
        confusions[s.item] = confusions.get(s.item, 0) + counts
        places = places + place_counts(found, s.label, s.fov, task.num_classes, task.pore_labels)
    scores = segmentation_scores(list(confusions.values()), task.labels, task.pore_labels, list(confusions))
    return {
        **{name: scores[name] for name in SCORES},
        "two_point_error": _structure(predictions, slices, task.pore_labels),
        "places": encode_counts(places),
    }


def _structure(
    predictions: Sequence[np.ndarray], slices: Sequence[LabelledSlice], pore_labels: Sequence[int]
) -> float | None:
    """Mean over slices of the error of the pores' two-point correlation, in per cent; None without pores."""
    errors = []
    for found, s in zip(predictions, slices, strict=True):
        counted = s.fov & (s.label != 255)
        error = two_point_error(np.isin(found, pore_labels), np.isin(s.label, pore_labels), counted)
        errors += [] if error is None else [error]
    return float(np.mean(errors)) if errors else None


def describe_sensitivity(sensitivity: Mapping[str, Any]) -> str:
    """RGN of blocks and levels as one cell: ``down_0=0.0123 …``."""
    groups = {**sensitivity["sequential"], **sensitivity["transversal"]}
    return " ".join(f"{name}={values['mean']:.4g}" for name, values in groups.items())


def fitted_baseline(
    name: str,
    datalist: Path,
    binary: bool,
    label_budget: int | None,
    seed: int,
    denoiser: Path | None = None,
    learn_from: str = "patches",
) -> tuple[Baseline, int | None]:
    """Fit a baseline on the labels that a network of the same run learns from.

    Args:
        name: of ``BASELINES``, "denoiser_features", or "balanced_forest".
        datalist: a ``dataset.json``.
        binary: whether its classes are merged.
        label_budget: number of labelled patches; None: all.
        seed: of the choice of patches, and of the baseline.
        denoiser: ``denoiser.pt`` whose features are read; for "denoiser_features".
        learn_from: as ``training_windows`` takes it.

    Returns:
        The baseline, and how many patches it saw; None where labels are strokes.
    """
    task, slices = split_slices(datalist, binary, "training", NORMALISATION)
    windows = training_windows(slices, task.labels, label_budget, seed, learn_from)
    labelled = [s for s in windows.slices if (s.label != UNLABELLED).any()]
    return _new(name, task, seed, denoiser).fit(labelled), windows.budget


def _new(name: str, task: Task, seed: int, denoiser: Path | None) -> Baseline:
    if name == DenoiserFeaturesBaseline.name:
        return DenoiserFeaturesBaseline(load_rock_denoiser(denoiser), DDIMScheduler(schedule="cosine"), seed)
    if name == "balanced_forest":
        return RandomForestBaseline(seed, balanced=True)
    return new_baselines(task.labels, task.phases, task.pore_labels, seed)[name]
