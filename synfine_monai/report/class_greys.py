"""The picture of a task's classes and their grey levels, in a results folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synfine_monai.conventions import NORMALISATION, UNLABELLED
from synfine_monai.data import LabelledSlice, Task, specimen_statistics
from synfine_monai.files import atomic_file
from synfine_monai.notices import look_at
from synfine_monai.visualize import class_greys_figure


def write_class_greys(
    slices: Sequence[LabelledSlice], task: Task, output_dir: str | Path, normalisation: str = NORMALISATION
) -> None:
    """Write ``figures/phases.png``: the slice with most labels, and the grey levels of all classes of its specimen.

    Args:
        slices: labelled slices.
        task: theirs.
        output_dir: the results folder.
        normalisation: of the slices; grey levels are shown as the scan has them.
    """
    shown = max(slices, key=lambda s: np.count_nonzero(s.label != UNLABELLED))
    statistics = specimen_statistics(task, shown.specimen, normalisation)
    same = [s for s in slices if s.specimen == shown.specimen]
    greys = {
        name: np.concatenate([s.image[s.label == k] for s in same]) * statistics.scale + statistics.center
        for k, name in enumerate(task.labels)
    }
    figure = class_greys_figure(
        shown.image * statistics.scale + statistics.center,
        shown.label, shown.fov, greys, task.phases, task.voxel_size_um)  # fmt: skip
    path = Path(output_dir) / "figures" / "phases.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=100)
    look_at(f"figures/phases.png shows the field of view, and the grey levels of {', '.join(task.labels)}.")
