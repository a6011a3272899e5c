"""A session of labelling: strokes that stay, a network that follows them, and what both say of the scan."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from torch import nn

from synfine_monai.conventions import UNLABELLED
from synfine_monai.errors import ScanError
from synfine_monai.files import named_path
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.finishing import finishing_commands, run_commands
from synfine_monai.labelling.looking import Looking
from synfine_monai.labelling.opening import Given, Opened, open_folder
from synfine_monai.labelling.retuning import Retuning
from synfine_monai.labelling.saving import DATALIST, MODEL, save_labels, save_network
from synfine_monai.labelling.session_state import describe, one_class_only, refuse_few
from synfine_monai.labelling.stroke_checks import check_core, check_stroke
from synfine_monai.labelling.strokes import Stroke, active_strokes
from synfine_monai.labelling.training_thread import TrainingThread
from synfine_monai.labelling.working_copy import Progress
from synfine_monai.scans import Scan
from synfine_monai.survey import files_signature

BUDGET_S = 60.0


class Session(Looking):
    """Label a scan: every call may come from any thread.

    A stroke is on the disk when ``stroke`` returns. From the second class on, a thread retunes the network, and another
    one predicts what is asked for with the newest network.
    """

    def __init__(self, opened: Opened, threads: int = 1, budget_s: float = BUDGET_S) -> None:
        self.retuning = Retuning(opened.start, opened.planes, opened.folder)
        super().__init__(opened, threads)
        self._files = files_signature(opened.scan.info.path, opened.fov)
        self._closed = False
        self._finishing: dict[str, Any] | None = None
        of_training = self._publish, self._changed, self.predictor.refuse, threads, budget_s
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
        opened = open_folder(scan, folder, Given(classes, checkpoint, fov, voxel_size_um, seed), progress)
        try:
            return cls(opened, threads or max(1, (os.cpu_count() or 1) // 2), budget_s)
        except BaseException:
            opened.close()
            raise

    # what there is

    def state(self) -> dict[str, Any]:
        """Everything that a page shows beside the slices, ready for JSON."""
        with self._lock:
            return {**describe(self.opened, self.log.events), **self._doing(), "revision": self._revision}

    def _doing(self) -> dict[str, Any]:
        if self._finishing is not None:
            return {"status": "finishing", "version": self.predictor.version, **self._finishing}
        told = self.training.problem or one_class_only(self.log.events)
        return {"status": self.training.status, "version": self.predictor.version, "progress": self.training.progress,
                "message": told}  # fmt: skip

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
        self._refuse_while_finishing()
        shape = self.opened.scan.shape
        check_stroke(shape, self.opened.classes, label, radius, view, index, points)
        self._refuse_changed_scan()
        if label != UNLABELLED:
            check_core(
                self.opened.planes, Stroke(0, label, float(radius), view, index, tuple((r, c) for r, c in points))
            )
        return self._painted(self.log.add, label, radius, view, index, points)

    def undo(self) -> int | None:
        """Take the last stroke back; how many are left, or None where there was none."""
        self._refuse_while_finishing()
        return self._painted(self.log.undo)

    def redo(self) -> int | None:
        """Paint again what was undone last; how many strokes there are, or None where there was nothing."""
        self._refuse_while_finishing()
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
        with self._turned:
            self._turned.wait_for(lambda: self.training.status != "loading")
        with self._lock:
            events = list(self.log.events)
        refuse_few(self.opened, events)
        labels = save_labels(self.opened, active_strokes(events), Path(path))
        save_network(self.opened, self.retuning, labels.parent / MODEL)
        return labels

    def finish(self, output_dir: str | Path, progress: Callable[[float, str], None] | None = None) -> Path:
        """Save, learn by the full recipe, segment the whole scan and write the report, as ``synfine learn`` does.

        It returns when all is done; the state tells how far it is. What a kill ends goes on where it was.

        Args:
            output_dir: of the results; labels go to "labels" in it.
            progress: called with the share that is done, and what is being done.

        Raises:
            ScanError: as ``save``, and as the verbs do; if it runs already.
        """
        folder = named_path(output_dir)
        with self._lock:
            if self._finishing is not None:
                raise ScanError("it is being finished already: wait for it.")
            self._finishing = {"progress": 0.0, "message": "saving"}
        try:
            labels = self.save(folder / "labels")
            commands = finishing_commands(self.opened, labels.parent / DATALIST, folder)
            run_commands(commands, lambda done, what: self._tell(done, what, progress), lambda: self._closed)
        finally:
            self._finishing = None
            self._turn()
        return folder

    def _tell(self, done: float, what: str, progress: Callable[[float, str], None] | None) -> None:
        self._finishing = {"progress": done, "message": what}
        self._turn()
        if progress is not None:
            progress(done, what)

    def close(self) -> None:
        """End the threads; all that was painted stays."""
        self._closed = True
        self.training.close()
        self.predictor.close()
        self.opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _refuse_while_finishing(self) -> None:
        if self._finishing is not None:
            raise ScanError("the labels are being learned from and the scan segmented: paint when that has ended.")

    def _refuse_changed_scan(self) -> None:
        if files_signature(self.opened.scan.info.path, self.opened.fov) != self._files:
            raise ScanError(
                f"{self.opened.scan.info.path.name} has changed on the disk since it was opened: put it back as it "
                "was, and open the session again."
            )

    def _publish(self, network: nn.Module, version: int) -> None:
        self.predictor.publish(network, version)
        self._turn()

    def _is_idle(self) -> bool:
        return self.training.status == "idle"

    def _changed(self) -> None:
        self._turn()
        self.predictor.nudge()
