"""A task as another scanner, labeller or rock would show it: shifted copies of its scans and labels."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from scipy.ndimage import generate_binary_structure, grey_dilation

from synfine_monai.data import SPLITS, Item, Task, load_datalist, open_labels
from synfine_monai.errors import ScanError
from synfine_monai.experiments.stage_cache import data_hash
from synfine_monai.files import atomic_file
from synfine_monai.handlers import signature_of
from synfine_monai.report import write_json_atomic
from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view
from synfine_monai.transforms.corrupt import SEVERITIES_FILE, corrupt_grey

KINDS = ("corruption", "dilate", "every_row")


@dataclass(frozen=True)
class _Volume:
    """Grey levels, classes (or None) and field of view of one scan, (D, H, W) each."""

    image: np.ndarray
    label: np.ndarray | None
    fov: np.ndarray


def shifted_datalist(datalist: str | Path, shift: Mapping[str, Any], folder: str | Path) -> Path:
    """Write shifted copies of a task's labelled scans, once.

    Args:
        datalist: the task's ``dataset.json``.
        shift: one of ``{"corruption": name, "severity": 1 to 5}``, an artefact of the scanner (``corrupt_grey``; every
            item has noise and rings of its own); ``{"dilate": voxels}``, a labeller who draws pores larger;
            ``{"every_row": n}``, a rock of other shapes: of every n rows one is kept, so that grains and pores are n
            times flatter while grey levels and noise of a voxel stay as they are.
        folder: where copies are kept.

    Returns:
        The new ``dataset.json``.

    Raises:
        ScanError: if the shift is of no known kind, or the datalist cannot be read.
    """
    if sum(kind in shift for kind in KINDS) != 1:
        raise ScanError(f"a shift is one of {', '.join(KINDS)}, got {dict(shift)}.")
    datalist = Path(datalist).absolute()
    severities = SEVERITIES_FILE.read_text(encoding="utf-8") if "corruption" in shift else ""
    decides = {"data": data_hash(str(datalist)), "shift": dict(shift), "severities": severities}
    target = Path(folder) / f"shifted_{signature_of(decides)}"
    if not (target / "dataset.json").is_file():
        target.mkdir(parents=True, exist_ok=True)
        task = load_datalist(datalist)
        content = json.loads(datalist.read_text(encoding="utf-8"))
        seed = 0
        for split in SPLITS:
            content[split] = []
            for number, item in enumerate(i for i in getattr(task, split) if i.label is not None):
                seed += 1
                shifted = _shift(_read(item), shift, task, seed)
                content[split].append(_write(shifted, item, target, f"{split}_{number}"))
        content["voxel_size_um"] = _voxel_size(task, shift)
        write_json_atomic(target / "dataset.json", content)
    return target / "dataset.json"


def dilate_pores(label: np.ndarray, pore_labels: tuple[int, ...], voxels: int, ignored: int = 255) -> np.ndarray:
    """Let pores grow in the slice plane by ``voxels``, into whatever else is labelled; a pore keeps its own class."""
    pores = np.where(np.isin(label, pore_labels), label.astype(np.int16) + 1, 0)
    cross = generate_binary_structure(2, 1)[None]
    for _ in range(voxels):
        grown = grey_dilation(pores, footprint=cross)
        pores = np.where(pores > 0, pores, grown)
    return np.where((pores > 0) & (label != ignored), pores - 1, label).astype(label.dtype)


def _read(item: Item) -> _Volume:
    with open_scan(item.image) as scan, open_labels(item) as label:
        depth = scan.shape[0]
        image = scan.read(0, depth)
        fov = find_scan_field_of_view(scan, item.fov).inside(image, 0)
        return _Volume(image.astype(np.float32), label.read(0, depth).astype(np.uint8), fov)


def _shift(volume: _Volume, shift: Mapping[str, Any], task: Task, seed: int) -> _Volume:
    if "corruption" in shift:
        image = corrupt_grey(volume.image, volume.fov, shift["corruption"], int(shift["severity"]), seed)
        return replace(volume, image=image)
    if "dilate" in shift:
        ignored = task.ignored_values[0]
        return replace(volume, label=dilate_pores(volume.label, task.pore_labels, int(shift["dilate"]), ignored))
    step = slice(None, None, int(shift["every_row"]))
    return _Volume(*(array[:, step] for array in (volume.image, volume.label, volume.fov)))


def _write(volume: _Volume, item: Item, folder: Path, name: str) -> dict[str, str]:
    arrays = {"image": volume.image, "label": volume.label, "fov": volume.fov.astype(np.uint8)}
    for kind, array in arrays.items():
        with atomic_file(folder / f"{name}_{kind}.tif") as temporary:
            tifffile.imwrite(temporary, array, compression="zlib", photometric="minisblack")
    return {"specimen": item.specimen, **{kind: f"{name}_{kind}.tif" for kind in arrays}}


def _voxel_size(task: Task, shift: Mapping[str, Any]) -> list[float] | None:
    if task.voxel_size_um is None:
        return None
    z, y, x = task.voxel_size_um
    return [z, y * int(shift.get("every_row", 1)), x]
