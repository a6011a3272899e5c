"""What a window shows: voxels and pairs of voxels of each class, predicted and labelled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.planning.pairs_in_windows import pairs_in_window
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.streamed_counts import StreamedCounts
from synfine_monai.planning.window_labels import covered
from synfine_monai.planning.window_tails import WindowTails
from synfine_monai.planning.windows import Window
from synfine_monai.report import LabelVolume


@dataclass(frozen=True)
class WindowCounts:
    """Of one window: voxels in the core, and of each class those predicted, those labelled, and those without label.

    Attributes:
        window: the window.
        voxels: in the core.
        predicted: (classes,).
        labelled: (classes,), what is not labelled left out.
        blank: (classes,) voxels without label by their predicted class.
        pairs: name of a number of neighbours -> the same of pairs, of two classes: it does not hold, it does.
        counted: the whole segmentation that predicts this window, where each has its own (cross-prediction).
    """

    window: Window
    voxels: int
    predicted: np.ndarray
    labelled: np.ndarray
    blank: np.ndarray = field(default_factory=lambda: np.zeros(1))
    pairs: Mapping[str, "WindowCounts"] = field(default_factory=dict)
    counted: StreamedCounts | None = None

    def wrong(self, of: Collection[int], filled: str) -> float:
        """Labelled minus predicted voxels of some classes; what is blank counts "as predicted", "none" or "all"."""
        return self.held(of, filled) - float(self.predicted[list(of)].sum())

    def held(self, of: Collection[int], filled: str) -> float:
        """Labelled voxels of some classes, with what is blank counted as ``wrong`` does."""
        mine = list(of)
        blank = {"as predicted": self.blank[mine].sum(), "none": 0.0, "all": self.blank.sum()}[filled]
        return float(self.labelled[mine].sum() + blank)


def count_windows(plan: Plan, volume: LabelVolume, drawn: Mapping[int, np.ndarray], classes: int) -> list[WindowCounts]:
    """Compare labelled windows with the segmentation, on the slices that were drawn.

    Args:
        plan: the plan.
        volume: the segmentation.
        drawn: number -> labels, as from ``read_window_labels``.
        classes: how many there are.
    """
    found: dict[int, WindowCounts] = {}
    for z in sorted({window.z for window in plan.windows}):
        (image,), (inside,) = volume.read(z, z + 1)
        for window in (one for one in plan.windows if one.z == z):
            truth, core = covered(window, drawn.get(window.id), inside)
            told = image[window.within(*image.shape)]
            pairs = {
                name: WindowCounts(window, *counts)
                for name, counts in pairs_in_window(told, truth, core, volume.pore_labels, window.size).items()
            }
            found[window.id] = WindowCounts(window, *_compared(told, truth, core, classes), pairs)
    return [found[window.id] for window in plan.windows]


def _compared(
    told: np.ndarray, truth: np.ndarray, core: np.ndarray, classes: int
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    known = core & (truth != UNLABELLED)
    parts = (told[core], truth[known], told[core & ~known])
    predicted, labelled, blank = (np.bincount(part, minlength=classes) for part in parts)
    return int(core.sum()), predicted, labelled, blank


def phase_tails(
    plan: Plan, volume: LabelVolume, phases: Mapping[str, Collection[int]], voxels: np.ndarray
) -> dict[str, float]:
    """Kurtosis of each predicted phase over all windows of the slices that were drawn, see ``WindowTails``.

    Args:
        plan: the plan.
        volume: the segmentation.
        phases: name -> its classes.
        voxels: (classes,) of the whole segmentation.
    """
    tails = {
        name: WindowTails(plan.size, float(voxels[list(classes)].sum() / voxels.sum()))
        for name, classes in phases.items()
    }
    for z in sorted({window.z for window in plan.windows}):
        classes, core = volume.read(z, z + 1)
        for name, one in tails.items():
            one.add(np.isin(classes, list(phases[name])), core)
    return {name: one.finish() for name, one in tails.items()}
