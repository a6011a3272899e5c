"""An audit while one labels: windows drawn at random, labelled blind, and what they say of the shares of phases."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from scipy.stats import kurtosis, t as student

from synfine_monai.conventions import OUTSIDE, UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.labelling.opening import Opened
from synfine_monai.labelling.prediction import Key, Part
from synfine_monai.labelling.views import Box
from synfine_monai.planning import (
    LOOKS,
    NORMAL_TAILS,
    Plan,
    PredictedSlices,
    Residuals,
    ShareEstimate,
    Window,
    confidence_of_a_look,
    estimate_share,
    make_plan,
    phases_of,
    read_plan_files,
    write_plan_files,
)

FOLDER, LABELS = "audit", "labels"
SIZE = 32
HALF_WIDTH = 0.002
"""Of the interval that the number of windows is told for: 0.2 points."""


class BlindWindows:
    """Windows of a plan, their labels on the disk, and intervals at 16, 32, 64 and 128 of them.

    The plan is drawn once, alike over the core, and without asking the network, so that it holds for every network.
    ``audit/plan.csv`` and ``audit/labels`` are what ``synfine audit`` takes.

    Args:
        opened: scan, classes and folder of the session.
        seed: of the draw.
    """

    def __init__(self, opened: Opened, seed: int) -> None:
        self.planes, self.statistics, self.classes, self.seed = opened.planes, opened.statistics, opened.classes, seed
        self.folder = opened.folder / FOLDER
        self._plan: Plan | None = None

    def next(self) -> dict[str, Any]:
        """The next window without labels, in the order of the draw.

        Raises:
            ScanError: if all are labelled, or the plan cannot be written or was edited.
        """
        done = self.done()
        for window in self.plan.windows:
            if window.id not in done:
                return {"id": window.id, "view": "xy", "index": window.z, "box": list(self.box(window))}
        raise ScanError(f"all {len(self.plan.windows)} windows of the audit are labelled.")

    def answer(self, number: int, labels: np.ndarray) -> None:
        """Keep the labels of a window; they are on the disk when this returns.

        Args:
            number: of the window.
            labels: (rows, columns) uint8 of its box: classes; what is not rock may be anything.

        Raises:
            ScanError: if there is no such window, it has labels, or a voxel of the core has none or one of no class.
        """
        window = next((one for one in self.plan.windows if one.id == number), None)
        if window is None or number in self.done():
            raise ScanError(f"window {number!r} is {'labelled already' if window else 'none of this audit'}.")
        core, labels = self._core(window), np.asarray(labels)
        if labels.shape != core.shape:
            raise ScanError(f"window {number} is {core.shape[0]}×{core.shape[1]} voxels, its labels {labels.shape}.")
        wrong = int((core & ~np.isin(labels, range(len(self.classes)))).sum())
        if wrong:
            raise ScanError(f"{wrong} voxels of window {number} have no class: label every voxel of rock in it.")
        whole = np.full((window.size,) * 2, UNLABELLED, np.uint8)
        whole[window.own(*self.planes.whole("xy").shape)] = np.where(core, labels, UNLABELLED)
        self._write(self._file(number), whole)

    def done(self) -> set[int]:
        """Numbers of the windows with labels."""
        return {int(file.stem.rpartition("_")[2]) for file in (self.folder / LABELS).glob("window_*.tif")}

    def audit(
        self, ask: Callable[[Key], Part], shares: tuple[np.ndarray, np.ndarray] | None, regions: int
    ) -> dict[str, Any] | None:
        """Shares with intervals, from as many windows as one may look at.

        Both the windows' and the regions' errors are in the interval: the predicted share is known from regions alone
        as long as the scan is not segmented wholly.

        Args:
            ask: for a part as the newest network sees it.
            shares: (share, error) of each class by prediction, from regions drawn at random.
            regions: how many.

        Returns:
            "windows" with labels, "used" of them, "phases": name -> "share", "low", "high" and how many windows in all
            an interval of ± 0.2 points would "need" where the scan is segmented wholly; None below 16 windows.

        Source: Zou & Donner, Construction of confidence limits about effect measures, Statistics in Medicine 27 (2008),
        for the interval of a sum from those of its parts.
        """
        done = self.done() if self.folder.is_dir() else set()
        used = max((n for n in LOOKS if set(range(1, n + 1)) <= done), default=0)
        if not used or shares is None:
            return None
        windows = list(self.plan.windows[:used])
        voxels, chances = np.array([(self._core(w).sum(), w.probability) for w in windows]).T
        drawn = np.stack([self._counts(w) for w in windows], axis=1)
        seen = np.stack([self._predicted_counts(w, ask) for w in windows], axis=1)
        confidence, largest = confidence_of_a_look(0.95, len(LOOKS)), float(self.plan.facts["largest"])
        quantile = float(student.ppf((1 + confidence) / 2, regions - 1))
        found = {}
        for name, of in phases_of(self.classes.names, self.classes.pore_labels).items():
            predicted, error = float(shares[0][of].sum()), float(np.sqrt((shares[1][of] ** 2).sum()))
            labelled, found_there = drawn[of].sum(0).astype(float), seen[of].sum(0).astype(float)
            tails = max(NORMAL_TAILS, float(np.nan_to_num(kurtosis(found_there - predicted * voxels, fisher=False))))
            residuals = Residuals(labelled - found_there, voxels, chances, predicted, labelled, tails)
            found[name] = _told(estimate_share(residuals, confidence, largest), quantile * error)
        return {"windows": len(done), "used": used, "phases": found}

    @property
    def plan(self) -> Plan:
        """Drawn when it is asked for first."""
        if self._plan is None and not (self.folder / "plan.json").is_file():
            looked = PredictedSlices(self.planes.scan, self.planes.fov, self.statistics, None, None)
            with self.planes.reading():
                plan = make_plan(looked, max(LOOKS), SIZE, self.seed, repeats=0, looks=True)
            self.folder.mkdir(parents=True, exist_ok=True)
            write_plan_files(plan, self.folder)
        self._plan = self._plan or read_plan_files(self.folder)
        return self._plan

    def box(self, window: Window) -> Box:
        """The part of a window that lies on its slice."""
        rows, columns = window.within(*self.planes.whole("xy").shape)
        return Box(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)

    def _core(self, window: Window) -> np.ndarray:
        return self.planes.core("xy", window.z, self.box(window))

    def _counts(self, window: Window) -> np.ndarray:
        labels = tifffile.imread(self._file(window.id))
        return np.bincount(labels[labels != UNLABELLED], minlength=len(self.classes))

    def _predicted_counts(self, window: Window, ask: Callable[[Key], Part]) -> np.ndarray:
        part = ask(("xy", window.z, self.box(window)))
        return np.bincount(part.labels[part.labels != OUTSIDE], minlength=len(self.classes))

    def _file(self, number: int) -> Path:
        return self.folder / LABELS / f"window_{number:03d}.tif"

    def _write(self, path: Path, labels: np.ndarray) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as temporary:
            tifffile.imwrite(temporary, labels)
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())


def _told(estimate: ShareEstimate, reach: float) -> dict[str, Any]:
    share, low, high = estimate.share, estimate.low, estimate.high
    return {
        "share": share,
        "low": max(0.0, share - float(np.hypot(share - low, reach))),
        "high": min(1.0, share + float(np.hypot(high - share, reach))),
        "needed": estimate.windows_for(HALF_WIDTH),
    }
