"""A baseline fitted on the very patches that a network would be fine-tuned on."""

from pathlib import Path

from synfine_monai.baselines.baseline import Baseline
from synfine_monai.baselines.stored import new_baselines
from synfine_monai.data.patches import draw_patches, keep_patches_only
from synfine_monai.experiments.scoring import split_slices

__all__ = ["fitted_baseline"]


def fitted_baseline(
    name: str, datalist: Path, binary: bool, label_budget: int | None, seed: int
) -> tuple[Baseline, int]:
    """Fit a baseline on the labelled patches of a run.

    Args:
        name: of ``BASELINES``.
        datalist: a ``dataset.json``.
        binary: whether its classes are merged.
        label_budget: number of labelled patches; None: all.
        seed: of the choice of patches, and of the baseline.

    Returns:
        The baseline, and how many patches it saw.
    """
    task, slices = split_slices(datalist, binary, "training", "zscore")
    patches = draw_patches(slices, label_budget, seed)
    kept = keep_patches_only(slices, patches)
    return new_baselines(task.labels, task.phases, task.pore_labels, seed)[name].fit(kept), len(patches)
