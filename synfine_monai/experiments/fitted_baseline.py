"""A baseline fitted on the very patches that a network would be fine-tuned on."""

from pathlib import Path

from monai.networks.schedulers import DDIMScheduler

from synfine_monai.baselines import Baseline, DenoiserFeaturesBaseline, new_baselines
from synfine_monai.conventions import NORMALISATION
from synfine_monai.data import Task, draw_patches, keep_patches_only
from synfine_monai.experiments.scoring import split_slices
from synfine_monai.networks import load_rock_denoiser

__all__ = ["fitted_baseline"]


def fitted_baseline(
    name: str, datalist: Path, binary: bool, label_budget: int | None, seed: int, denoiser: Path | None = None
) -> tuple[Baseline, int]:
    """Fit a baseline on the labelled patches of a run.

    Args:
        name: of ``BASELINES``, or "denoiser_features".
        datalist: a ``dataset.json``.
        binary: whether its classes are merged.
        label_budget: number of labelled patches; None: all.
        seed: of the choice of patches, and of the baseline.
        denoiser: ``denoiser.pt`` whose features are read; for "denoiser_features".

    Returns:
        The baseline, and how many patches it saw.
    """
    task, slices = split_slices(datalist, binary, "training", NORMALISATION)
    patches = draw_patches(slices, label_budget, seed)
    return _new(name, task, seed, denoiser).fit(keep_patches_only(slices, patches)), len(patches)


def _new(name: str, task: Task, seed: int, denoiser: Path | None) -> Baseline:
    if name == DenoiserFeaturesBaseline.name:
        return DenoiserFeaturesBaseline(load_rock_denoiser(denoiser), DDIMScheduler(schedule="cosine"), seed)
    return new_baselines(task.labels, task.phases, task.pore_labels, seed)[name]
