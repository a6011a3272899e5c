"""A session of labelling: strokes that stay, a network that follows them, and what both say of the scan."""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from matplotlib.colors import to_hex
from torch import nn

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.opening import Opened, open_folder
from synfine_monai.labelling.prediction import Part, Predictor
from synfine_monai.labelling.regions import Regions
from synfine_monai.labelling.retuning import Retuning
from synfine_monai.labelling.saving import MODEL, save_labels, save_network
from synfine_monai.labelling.stroke_checks import check_core, check_stroke
from synfine_monai.labelling.strokes import Stroke, active_strokes, slices_of, undone_strokes
from synfine_monai.labelling.training_thread import TrainingThread
from synfine_monai.labelling.views import clipped_box
from synfine_monai.labelling.working_copy import Progress, scan_signature
from synfine_monai.scans import Scan
from synfine_monai.visualize import class_colors

BUDGET_S = 60.0
SECOND_CLASS = "paint a second class: the network learns from differences"


class Session:
    """Label a scan: every call may come from any thread.

    A stroke is on the disk when ``stroke`` returns. From the second class on, a thread retunes the network, and another
    one predicts what is asked for with the newest network.
    """

    def __init__(self, opened: Opened, threads: int = 1, budget_s: float = BUDGET_S) -> None:
        self.opened, self.log = opened, opened.log
        self._signature = scan_signature(opened.scan, opened.fov)
        self._lock, self._turned = threading.RLock(), threading.Condition()
        self._revision = 0
        self._drawing = Drawing(active_strokes(self.log.events), opened.scan.shape)
        self.retuning = Retuning(opened.start, opened.planes, opened.folder)
        self.regions = Regions(opened.planes, len(opened.classes), opened.start.seed)
        self.predictor = Predictor(opened.planes, threads, self._spare)
        of_training = self._publish, self._changed, threads, budget_s
        self.training = TrainingThread(self.retuning, self.log, *of_training)

    @classmethod
    def open(
        cls,
        scan: str | Path | Scan,
        folder: str | Path,
        classes: Sequence[str] | Mapping[str, str] | None = None,
        checkpoint: str | Path | None = None,
        fov: str | Path | None = None,
        voxel_size_um: float | Sequence[float] | None = None,
        seed: int = 0,
        threads: int | None = None,
        budget_s: float = BUDGET_S,
        progress: Progress | None = None,
    ) -> Self:
        """Begin a session, or go on with the one that ``folder`` holds.

        Args:
            scan: file or folder of slices, or an open scan.
            folder: where strokes, network and working copy are kept.
            classes: names, or "name=phase"; None takes those of the earlier session, or of the network.
            checkpoint: a ``model.pt`` or results folder to start from; None: that of the earlier session, or "shipped".
            fov: mask of the core; None finds it.
            voxel_size_um: (z, y, x), or one number; wins over what the file says.
            seed: of a new session.
            threads: of torch, for each of the two threads; None: half of the processor's.
            budget_s: seconds of retuning after a stroke, at most.
            progress: called with what share of the working copy is made.

        Raises:
            ScanError: if the scan cannot be read, holds NaN, no core or other voxels than when it was painted on; if
                classes contradict the earlier session's; if another process has the folder open.
        """
        given = scan, folder, classes, checkpoint, fov, voxel_size_um, seed, progress
        opened = open_folder(*given)
        try:
            return cls(opened, threads or max(1, (os.cpu_count() or 1) // 2), budget_s)
        except BaseException:
            opened.close()
            raise

    # what there is

    def state(self) -> dict[str, Any]:
        """Everything that a page shows beside the slices, ready for JSON."""
        with self._lock:
            opened, strokes = self.opened, active_strokes(self.log.events)
            drawn = [s.label for s in strokes if not s.erases]
            size = opened.scan.voxel_size_um
            colors = [to_hex(color) for color in class_colors(opened.start.task.phases)]
            return {
                "name": opened.scan.info.path.name,
                "shape": list(opened.scan.shape),
                "voxel_size_um": None if size is None else list(size),
                "classes": [
                    {"index": k, "name": name, "color": color}
                    for k, (name, color) in enumerate(zip(opened.classes.names, colors, strict=True))
                ],
                "strokes_per_class": {name: drawn.count(k) for k, name in enumerate(opened.classes.names)},
                "slices_with_strokes": slices_of(strokes),
                "strokes": len(strokes),
                "can_redo": bool(undone_strokes(self.log.events)),
                "version": self.predictor.version,
                "status": self.training.status,
                "progress": self.training.progress,
                "message": self.training.problem or (SECOND_CLASS if len(set(drawn)) == 1 else ""),
                "revision": self._revision,
            }

    def wait(self, revision: int, timeout: float = 30.0) -> dict[str, Any]:
        """The state, as soon as its revision is another one, or ``timeout`` seconds have passed."""
        with self._turned:
            self._turned.wait_for(lambda: self._revision != revision, timeout)
        return self.state()

    def wait_idle(self, timeout: float = 600.0) -> dict[str, Any]:
        """The state once retuning has ended."""
        with self._turned:
            self._turned.wait_for(lambda: self.training.status == "idle", timeout)
        return self.state()

    # painting

    def stroke(self, label: int, radius: float, view: str, index: int, points: Sequence[Sequence[float]]) -> int:
        """Paint a line; it is on the disk when this returns.

        Args:
            label: class, or 255 to erase.
            radius: of the brush in voxels.
            view: "xy", "xz" or "yz".
            index: slice across the view.
            points: (row, column) in voxels.

        Returns:
            How many strokes there are.

        Raises:
            ScanError: if the class, brush, slice or points are wrong, the line lies outside the scan or its core, the
                scan has changed on the disk, or the disk is full; then nothing was painted.
        """
        shape = self.opened.scan.shape
        check_stroke(shape, self.opened.classes, label, radius, view, index, points)
        self._refuse_changed_scan()
        if label != UNLABELLED:
            check_core(self.opened.planes, Stroke(0, label, float(radius), view, index, tuple(map(tuple, points))))
        return self._painted(self.log.add, label, radius, view, index, points)

    def undo(self) -> int | None:
        """Take the last stroke back; how many are left, or None where there was none."""
        return self._painted(self.log.undo)

    def redo(self) -> int | None:
        """Paint again what was undone last; how many strokes there are, or None where there was nothing."""
        return self._painted(self.log.redo)

    def _painted(self, write: Any, *given: Any) -> int | None:
        with self._lock:
            if write(*given) is None:
                return None
            self._drawing = Drawing(active_strokes(self.log.events), self.opened.scan.shape)
            count = len(self._drawing.strokes)
        self.training.stroke_came()
        self._changed()
        return count

    # slices

    def grey(self, view: str, index: int, box: Sequence[int] | None = None) -> np.ndarray:
        """Grey levels in 8 bits, (rows, columns) uint8.

        Args:
            view: "xy", "xz" or "yz".
            index: slice across it.
            box: first row and column, rows and columns; clipped to the slice. None: all.

        Raises:
            ScanError: if there is no such slice, or the scan can no longer be read.
        """
        return self.opened.planes.shown(view, index, self._box(view, index, box))

    def drawn(self, view: str, index: int, box: Sequence[int] | None = None) -> np.ndarray:
        """Labels that are painted, (rows, columns) uint8, 255 where there is none; as ``grey``."""
        return self._drawing.labels(view, index, self._box(view, index, box))

    def predicted(self, view: str, index: int, box: Sequence[int] | None = None) -> Part:
        """Labels, uncertainty (both (rows, columns) uint8) and version of the newest network; as ``grey``.

        Raises:
            Superseded: if so much was asked for later that this was given up.
        """
        return self.predictor.ask((view, index, self._box(view, index, box)))

    def shares(self) -> dict[str, Any] | None:
        """Class -> share of the core by what is predicted at random places, with its standard error; None at first."""
        found = self.regions.shares()
        if found is None:
            return None
        return {
            "shares": {
                name: {"share": float(share), "error": float(error)}
                for name, share, error in zip(self.opened.classes.names, *found, strict=True)
            },
            "regions": len(self.regions.found),
            "version": self.regions.version,
        }

    # results

    def save(self, path: str | Path) -> Path:
        """Write the labels as a sparse volume, and the network beside them.

        Args:
            path: a folder, or a file of a format that can be written.

        Returns:
            Path of the label volume; ``dataset.json``, ``model.pt`` and ``model.json`` are in its folder.

        Raises:
            ScanError: if fewer than two classes are painted, or it cannot be written.
        """
        with self._lock:
            events = list(self.log.events)
        self._refuse_few(events)
        labels = save_labels(self.opened, active_strokes(events), Path(path))
        save_network(self.opened, self.retuning, labels.parent / MODEL)
        return labels

    def close(self) -> None:
        """End the threads; all that was painted stays."""
        self.training.close()
        self.predictor.close()
        self.opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _box(self, view: str, index: int, box: Sequence[int] | None) -> Any:
        return clipped_box(self.opened.scan.shape, view, index, None if box is None else tuple(box))

    def _refuse_few(self, events: Sequence[Any]) -> None:
        painted = {s.label for s in active_strokes(events) if not s.erases}
        if not painted:
            raise ScanError("no stroke is painted yet: paint some of each class first.")
        if len(painted) == 1:
            only = self.opened.classes.names[painted.pop()]
            raise ScanError(f"only the class '{only}' is painted: paint a second class.")

    def _refuse_changed_scan(self) -> None:
        if scan_signature(self.opened.scan, self.opened.fov) != self._signature:
            raise ScanError(
                f"{self.opened.scan.info.path.name} has changed on the disk since it was opened: put it back as it "
                "was, and open the session again."
            )

    def _publish(self, network: nn.Module, version: int) -> None:
        self.predictor.publish(network, version)
        self._turn()

    def _spare(self, network: nn.Module, version: int) -> bool:
        """What the predicting thread does while nobody waits: not while the network is about to change."""
        if self.training.status != "idle":
            return False
        try:
            more = self.regions.look(network, self.predictor.inferer, version)
        except ScanError as problem:
            logging.getLogger(__name__).warning("%s", problem)
            return False
        self._turn()
        return more

    def _changed(self) -> None:
        self._turn()
        self.predictor.nudge()

    def _turn(self) -> None:
        with self._turned:
            self._revision += 1
            self._turned.notify_all()
