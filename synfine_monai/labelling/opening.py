"""What a session is about: a scan, its core and grey levels, the classes, and the folder that keeps the strokes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synfine_monai.bundle import bundles_folder
from synfine_monai.conventions import PATCH_SIZE
from synfine_monai.data import Item, Task
from synfine_monai.errors import ScanError
from synfine_monai.files import named_path
from synfine_monai.labelling.label_classes import LabelClasses, read_label_classes
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.retuning import Start
from synfine_monai.labelling.strokes import StrokeLog
from synfine_monai.labelling.working_copy import Progress, make_working_copy, refuse_changed
from synfine_monai.networks import find_checkpoint, read_model_info
from synfine_monai.scans import Scan, StoreLock, one_line, open_scan, stem_of
from synfine_monai.survey import IntensityStatistics, find_scan_field_of_view, measure_scan_intensity

BUNDLE = "rock_ct_segmentation"
LOCK = "lock"


@dataclass(frozen=True)
class Opened:
    """A scan that is open for labelling.

    Attributes:
        planes: its slices, with the open scan.
        statistics: of its grey levels.
        normalisation: by which they were found.
        classes: that are painted.
        start: what retuning starts from.
        log: of the strokes.
        folder: of the session.
        fov: mask of the core that was given, or None.
        lock: on the folder.
    """

    planes: Planes
    statistics: IntensityStatistics
    normalisation: str
    classes: LabelClasses
    start: Start
    log: StrokeLog
    folder: Path
    fov: Path | None
    lock: StoreLock

    @property
    def scan(self) -> Scan:
        """The scan."""
        return self.planes.scan

    def close(self) -> None:
        """Close the scan, and let others open the folder."""
        self.scan.close()
        self.lock.release()


def open_folder(
    scan: str | Path | Scan,
    folder: str | Path,
    classes: Sequence[str] | Mapping[str, str] | None,
    checkpoint: str | Path | None,
    fov: str | Path | None,
    voxel_size_um: float | Sequence[float] | None,
    seed: int,
    progress: Progress | None,
) -> Opened:
    """Open a scan for labelling, in a new folder or in that of an earlier session, which then says what is not given.

    Raises:
        ScanError: as ``Session.open``.
    """
    folder = named_path(folder)
    lock = _locked(folder)
    try:
        opened = scan if isinstance(scan, Scan) else open_scan(scan, voxel_size_um=voxel_size_um)
        _refuse_small(opened)
        log = StrokeLog(folder)
        known = log.whose
        fov = fov or known.get("fov")
        start_file = _checkpoint(checkpoint, known)
        info = read_model_info(start_file)
        own = read_label_classes(classes, info) if classes is not None or not known else _known_classes(known)
        field = find_scan_field_of_view(opened, None if fov is None else Path(fov))
        statistics = measure_scan_intensity(opened, field, info["normalisation"])
        copy = make_working_copy(opened, field, statistics, folder, None if fov is None else Path(fov), progress)
        whose = {
            "scan": opened.info.path.name, "shape": list(opened.shape), "content": copy.content,
            "classes": list(own.names), "phases": list(own.phases), "checkpoint": str(start_file), "seed": int(seed),
            "fov": None if fov is None else str(named_path(fov)),
        }  # fmt: skip
        if not known:
            log.begin(whose)
        _refuse_others(known or whose, whose, copy, folder)
        task = _task(opened, own)
        start = Start(start_file, task, int((known or whose)["seed"]))
        planes = Planes(opened, field, statistics, copy)
        mask = None if fov is None else Path(fov)
        return Opened(planes, statistics, info["normalisation"], own, start, log, folder, mask, lock)
    except BaseException:
        lock.release()
        raise


def _locked(folder: Path) -> StoreLock:
    lock = StoreLock(folder / LOCK, folder.name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except ScanError as problem:
        raise ScanError(
            f"{folder} is open in another process: label in one place at a time, or close that one first."
        ) from problem
    except OSError as problem:
        raise ScanError(f"{folder} cannot be written ({one_line(problem)}): choose another folder.") from problem
    return lock


def _refuse_small(scan: Scan) -> None:
    if min(scan.shape[1:]) < PATCH_SIZE:
        raise ScanError(
            f"{scan.info.path.name} has slices of {scan.shape[1]}×{scan.shape[2]} voxels; labels are learned from "
            f"windows of {PATCH_SIZE}×{PATCH_SIZE}."
        )


def _checkpoint(given: str | Path | None, known: Mapping[str, Any]) -> Path:
    named = str(given) if given is not None else known.get("checkpoint", "shipped")
    found = find_checkpoint(named, bundles_folder() / BUNDLE)
    if found is None:
        raise ScanError("labelling needs a network to start from: give a model.pt, a results folder, or 'shipped'.")
    return found


def _known_classes(known: Mapping[str, Any]) -> LabelClasses:
    return LabelClasses(tuple(known["classes"]), tuple(known["phases"]))


def _refuse_others(known: Mapping[str, Any], now: Mapping[str, Any], copy: Any, folder: Path) -> None:
    if known["shape"] != now["shape"]:
        raise ScanError(
            f"{folder} holds strokes of a scan of {'×'.join(map(str, known['shape']))} voxels (z, y, x), and "
            f"{now['scan']} has {'×'.join(map(str, now['shape']))}: open that scan, or choose another folder."
        )
    refuse_changed(copy, known["content"], str(now["scan"]))
    if (known["classes"], known["phases"]) != (now["classes"], now["phases"]):
        raise ScanError(
            f"{folder} holds strokes of the classes {', '.join(known['classes'])}, not {', '.join(now['classes'])}: "
            "leave --classes out, or choose another folder."
        )


def _task(scan: Scan, classes: LabelClasses) -> Task:
    path = named_path(scan.info.path)
    item = Item(path, None, None, path.name, path.name)
    return Task(
        name=stem_of(scan.info),
        rock="sandstone",
        labels=classes.names,
        phases=tuple((phase,) for phase in classes.phases),
        pore_labels=classes.pore_labels,
        mapping={k: k for k in range(len(classes))},
        voxel_size_um=scan.voxel_size_um,
        training=(item,),
        path=str(path),
    )
