"""Baselines of a run, fitted on the very patches that the network learns from, and stored beside it."""

from collections.abc import Sequence
from pathlib import Path

from synfine_monai.baselines.stored import fit_baselines, save_baselines
from synfine_monai.data import LabelledSlice, Patch, Task, keep_patches_only

__all__ = ["store_baselines"]


def store_baselines(
    slices: Sequence[LabelledSlice], patches: Sequence[Patch], task: Task, output_dir: str | Path
) -> None:
    """Fit every baseline on ``patches`` and write ``output_dir/baselines``."""
    print("Fitting baselines on the same patches", flush=True)
    fitted = fit_baselines(keep_patches_only(slices, patches), task.labels, task.phases, task.pore_labels)
    save_baselines(fitted, Path(output_dir) / "baselines")
