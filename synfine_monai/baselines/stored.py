"""All baselines of a run: fitted on the same labelled slices, stored beside the model, found again by ``evaluate``."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.baselines.baseline import Baseline
from synfine_monai.baselines.grey_level import LookupBaseline, ThresholdBaseline
from synfine_monai.baselines.otsu import OtsuBaseline
from synfine_monai.baselines.random_forest import RandomForestBaseline
from synfine_monai.data import LabelledSlice, Patch, Task, keep_patches_only
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file

BASELINES: dict[str, type[Baseline]] = {
    baseline.name: baseline for baseline in (OtsuBaseline, ThresholdBaseline, LookupBaseline, RandomForestBaseline)
}


def fit_baselines(
    slices: Sequence[LabelledSlice],
    class_names: Sequence[str],
    phases: Sequence[Sequence[str]],
    pore_labels: Sequence[int],
    seed: int = 0,
) -> dict[str, Baseline]:
    """Fit ``otsu, threshold, lookup, random_forest`` on the same slices.

    Args:
        slices: where labels other than 255 stand is what the baselines may learn from.
        class_names: the K class names.
        phases: for each class, the phases that it covers.
        pore_labels: the classes that are pore space.
        seed: of the forest.

    Raises:
        ScanError: if nothing is labelled, the slices have no contrast, or a class covers an unknown phase.
    """
    fresh = new_baselines(class_names, phases, pore_labels, seed)
    return {name: baseline.fit(slices) for name, baseline in fresh.items()}


def new_baselines(
    class_names: Sequence[str], phases: Sequence[Sequence[str]], pore_labels: Sequence[int], seed: int = 0
) -> dict[str, Baseline]:
    """Every baseline of ``fit_baselines``, not yet fitted."""
    num_classes = len(class_names)
    baselines: tuple[Baseline, ...] = (
        OtsuBaseline(phases),
        ThresholdBaseline(num_classes, pore_labels),
        LookupBaseline(num_classes),
        RandomForestBaseline(seed),
    )
    return {baseline.name: baseline for baseline in baselines}


def save_baselines(baselines: Mapping[str, Baseline], folder: Path | str) -> None:
    """Write each baseline to ``NAME.npz`` in ``folder``: plain arrays, at most some 15 MB for the largest forest."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, baseline in baselines.items():
        with atomic_file(folder / f"{name}.npz") as temporary:
            np.savez_compressed(temporary, **dict[str, Any](baseline.arrays()))


def load_baselines(folder: Path | str) -> dict[str, Baseline]:
    """Those baselines that ``folder`` holds; an empty dict if there are none.

    Raises:
        ScanError: if a file is garbled.
    """
    files = {name: Path(folder) / f"{name}.npz" for name in BASELINES}
    return {name: _load(BASELINES[name], file) for name, file in files.items() if file.is_file()}


def _load(kind: type[Baseline], file: Path) -> Baseline:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return kind.from_arrays(dict(arrays))
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ScanError(f"{file} is not a stored {kind.name} baseline ({error}); run the fine-tuning again.") from error


def store_baselines(
    slices: Sequence[LabelledSlice], patches: Sequence[Patch], task: Task, output_dir: str | Path
) -> None:
    """Fit every baseline on ``patches`` and write ``output_dir/baselines``."""
    print("Fitting baselines on the same patches", flush=True)
    fitted = fit_baselines(keep_patches_only(slices, patches), task.labels, task.phases, task.pore_labels)
    save_baselines(fitted, Path(output_dir) / "baselines")
