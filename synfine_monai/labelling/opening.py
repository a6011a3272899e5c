"""What a session is about: a scan, its core and grey levels, the classes, and the folder that keeps the strokes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from synfine_monai.bundle import bundles_folder
from synfine_monai.conventions import PATCH_SIZE
from synfine_monai.data import Item, Task
from synfine_monai.errors import ScanError
from synfine_monai.files import named_path
from synfine_monai.labelling.label_classes import LabelClasses, read_label_classes
from synfine_monai.labelling.planes import Planes
from synfine_monai.labelling.retuning import Start
from synfine_monai.labelling.strokes import StrokeLog
from synfine_monai.labelling.working_copy import Progress, make_working_copy
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
        given_size: voxel size (z, y, x) in µm that wins over what the file says, or None.
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
    given_size: tuple[float, float, float] | None
    lock: StoreLock

    @property
    def scan(self) -> Scan:
        """The scan."""
        return self.planes.scan

    def close(self) -> None:
        """Close the scan, and let others open the folder."""
        self.scan.close()
        self.lock.release()


class Given(NamedTuple):
    """What a session is opened with; None is what the earlier session in the folder had, or else the usual.

    Attributes:
        classes: names, or "name=phase", or a mapping of both.
        checkpoint: ``model.pt``, results folder, or "shipped".
        fov: mask of the core.
        voxel_size_um: (z, y, x), or one number.
        seed: of a new session.
    """

    classes: Sequence[str] | Mapping[str, str] | None = None
    checkpoint: str | Path | None = None
    fov: str | Path | None = None
    voxel_size_um: float | Sequence[float] | None = None
    seed: int = 0


def open_folder(scan: str | Path | Scan, folder: str | Path, given: Given, progress: Progress | None = None) -> Opened:
    """Open a scan for labelling, in a new folder or in that of an earlier session.

    Raises:
        ScanError: as ``Session.open``.
    """
    folder = named_path(folder)
    lock = _locked(folder)
    try:
        log = StrokeLog(folder)
        known = log.whose
        size = given.voxel_size_um if given.voxel_size_um is not None else known.get("voxel_size_um")
        opened = scan if isinstance(scan, Scan) else open_scan(scan, voxel_size_um=size)
        _refuse_other_size(opened, size)
        _refuse_small(opened)
        return _opened(opened, log, given, lock, opened.voxel_size_um if size is not None else None, progress)
    except BaseException:
        lock.release()
        raise


def _refuse_other_size(scan: Scan, size: float | Sequence[float] | None) -> None:
    """An open scan has its size from elsewhere: lengths must not be told by another one than was asked for."""
    known = scan.voxel_size_um
    if size is not None and (known is None or not np.allclose(known, size, rtol=1e-6, atol=0)):
        raise ScanError(
            f"the open scan {scan.info.path.name} has voxels of {known or 'unknown size'} µm and this session "
            f"{size} µm: open the scan with that voxel_size_um."
        )


def _opened(
    scan: Scan, log: StrokeLog, given: Given, lock: StoreLock, size: tuple[float, float, float] | None,
    progress: Progress | None,
) -> Opened:  # fmt: skip
    known, folder = log.whose, log.path.parent
    word = str(given.checkpoint or known.get("checkpoint", "shipped"))
    checkpoint, mask = _checkpoint(word), _mask(given.fov or known.get("fov"))
    info = read_model_info(checkpoint)
    classes = LabelClasses(tuple(known["classes"]), tuple(map(tuple, known["phases"]))) if known else None
    if classes is None or given.classes is not None:
        classes = read_label_classes(given.classes, info)
    field = find_scan_field_of_view(scan, mask)
    statistics = measure_scan_intensity(scan, field, info["normalisation"])
    copy = make_working_copy(scan, field, statistics, folder, mask, progress)
    whose = {
        "scan": scan.info.path.name,
        "shape": list(scan.shape),
        "content": copy.content,
        "classes": list(classes.names),
        "phases": [list(phases) for phases in classes.phases],
        "checkpoint": word,
        "seed": int(given.seed),
        "fov": None if mask is None else str(mask),
        "voxel_size_um": None if size is None else list(size),
    }
    _refuse_others(known or whose, whose, folder)
    if not known:
        log.begin(whose)
    start = Start(checkpoint, _task(scan, classes), int(log.whose["seed"]))
    planes = Planes(scan, field, statistics, copy)
    return Opened(planes, statistics, info["normalisation"], classes, start, log, folder, mask, size, lock)


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


def _checkpoint(word: str) -> Path:
    found = find_checkpoint(word, bundles_folder() / BUNDLE)
    if found is None:
        raise ScanError("labelling needs a network to start from: give a model.pt, a results folder, or 'shipped'.")
    return found


def _mask(path: str | Path | None) -> Path | None:
    return None if path is None else named_path(path)


def _refuse_others(known: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    if known["shape"] != now["shape"]:
        raise ScanError(
            f"{folder} holds strokes of a scan of {'×'.join(map(str, known['shape']))} voxels (z, y, x), and "
            f"{now['scan']} has {'×'.join(map(str, now['shape']))}: open that scan, or choose another folder."
        )
    if known["content"] != now["content"]:
        raise ScanError(
            f"{now['scan']} holds other voxels than when the strokes in {folder} were painted: put the scan back as it "
            "was, or begin anew in another folder."
        )
    if (known["classes"], known["phases"]) != (now["classes"], now["phases"]):
        raise ScanError(
            f"{folder} holds strokes of the classes {', '.join(known['classes'])}, not {', '.join(now['classes'])}: "
            "leave the classes out, or choose another folder."
        )


def _task(scan: Scan, classes: LabelClasses) -> Task:
    path = named_path(scan.info.path)
    item = Item(path, None, None, path.name, path.name)
    return Task(
        name=stem_of(scan.info),
        rock="sandstone",
        labels=classes.names,
        phases=classes.phases,
        pore_labels=classes.pore_labels,
        mapping={k: k for k in range(len(classes))},
        voxel_size_um=scan.voxel_size_um,
        training=(item,),
        path=str(path),
    )
