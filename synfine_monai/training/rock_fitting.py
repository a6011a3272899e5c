"""Fit a rock's look to unlabelled patches of a scan: turn its knobs until distances to them are small."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from tqdm import tqdm

from synfine_monai.conventions import NORMALISATION
from synfine_monai.data import SyntheticPatches
from synfine_monai.errors import ScanError
from synfine_monai.metrics import distances
from synfine_monai.transforms.generate import knobs, load_rock, middle, turn_knobs

ROCKS, PATCHES_OF_ONE = 24, 3
REAL_PATCHES = 128  # that each evaluation compares with; more cost time and change little
FIRST_STEP = 0.25  # of a knob's way from 0 to 1


def fit_rock(
    rock: str | Path | Mapping[str, Any],
    real: torch.Tensor,
    class_of_phase: Mapping[str, int],
    evaluations: int = 200,
    seed: int = 0,
    spread: float = 0.15,
    geometry: bool = False,
    normalisation: str = NORMALISATION,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Narrow a preset to the look of real patches, starting from the middle of its ranges.

    What is made small is the mean of three distances (grey levels, spectrum, two-point correlation), each divided by
    what the preset itself has, or by what two halves of the real patches have if that is more: 1 is no better than the
    preset. Every evaluation makes the same 24 rocks anew, so that it depends on the knobs alone. The minimiser is
    COBYLA: derivative-free, within bounds, by linear models, which it has after one evaluation a knob.

    Args:
        rock: preset name, YAML file or mapping.
        real: (N, 1, 64, 64) float patches of the scan, normalised, N ≥ 8; no labels are needed.
        class_of_phase: class of every phase of the generator.
        evaluations: how many settings of the knobs are tried; a third of a second each, on one core.
        seed: of the synthetic rocks.
        spread: share of each range's width that the fitted rock keeps; see ``turn_knobs``.
        geometry: turn the knobs of ``structure`` (fractions, lengths, chances) as well.
        normalisation: method that ``real`` was normalised by.

    Returns:
        The fitted preset, labels' boundary as it was; and for each evaluation "objective", "histogram", "spectrum" and
        "correlation".

    Raises:
        ScanError: if there are too few real patches or evaluations, or the preset has no knobs.
    """
    if len(real) < 8 or evaluations < 1:
        raise ScanError(f"a fit needs 8 real patches and 1 evaluation or more, got {len(real)} and {evaluations}.")
    preset, found = load_rock(rock), knobs(rock, geometry)
    real = real[:: max(1, len(real) // REAL_PATCHES)]
    # many rocks: a wide preset's own distance would be a matter of luck otherwise
    scales = _scales(real, rock_images(preset, class_of_phase, 4 * ROCKS, 1, seed, normalisation))

    def turned(values: np.ndarray) -> dict[str, Any]:
        return turn_knobs(preset, values.tolist(), spread, geometry)

    def apart(values: np.ndarray) -> dict[str, float]:
        made = rock_images(turned(values), class_of_phase, ROCKS, PATCHES_OF_ONE, seed, normalisation)
        return distances(real, made)

    tried, history = _minimise(apart, scales, middle(found, preset), evaluations)
    best = int(np.argmin([step["objective"] for step in history]))
    return turned(tried[best]), history


def rock_images(
    rock: str | Path | Mapping[str, Any],
    class_of_phase: Mapping[str, int],
    rocks: int,
    patches_of_one: int,
    seed: int,
    normalisation: str = NORMALISATION,
) -> torch.Tensor:
    """Images of a rock without labels, and without the time that moving the labels' boundary takes.

    Returns:
        (rocks · patches_of_one, 1, 64, 64) float32, normalised.
    """
    preset = load_rock(rock)
    looks = [entry for entry in preset["appearance"] if entry.get("part") != "RandLabelBoundary"]
    dataset = SyntheticPatches(
        {**preset, "appearance": looks}, class_of_phase, rocks, patches_of_one, seed=seed, normalisation=normalisation
    )
    return torch.stack([patch["image"] for index in range(rocks) for patch in dataset[index]])


def _scales(real: torch.Tensor, made: torch.Tensor) -> dict[str, float]:
    """What each distance is measured in: the preset's own, or the real patches' among themselves if that is more."""
    preset, halves = distances(real, made), distances(real[::2], real[1::2])
    return {key: max(preset[key], halves[key], 1e-6) for key in preset}


def _minimise(
    apart: Callable[[np.ndarray], dict[str, float]], scales: Mapping[str, float], start: np.ndarray, evaluations: int
) -> tuple[list[np.ndarray], list[dict[str, float]]]:
    """Settings of the knobs and their distances, try by try, until the minimiser is content or has had its share."""
    tried: list[np.ndarray] = []
    history: list[dict[str, float]] = []

    def objective(values: np.ndarray) -> float:
        if len(history) == evaluations:
            raise StopIteration
        tried.append(np.clip(values, 0, 1))
        found = apart(tried[-1])
        history.append({"objective": float(np.mean([found[key] / scales[key] for key in scales])), **found})
        lowest = min(step["objective"] for step in history)
        progress.set_postfix_str(f"distance {lowest:.3f} of the preset's", refresh=False)
        progress.update()
        return history[-1]["objective"]

    options = {"rhobeg": FIRST_STEP, "maxiter": 10**6, "tol": 1e-3}
    with tqdm(total=evaluations, desc="Fitting the rock", unit="try") as progress, suppress(StopIteration):
        minimize(objective, start, method="COBYLA", bounds=[(0, 1)] * len(start), options=options)
    return tried, history
