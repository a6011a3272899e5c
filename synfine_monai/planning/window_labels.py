"""The labels of a plan's windows as they come back: in a volume of the scan's shape, or as a folder of small images."""

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import as_whole_labels
from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.planning.plan_files import Plan
from synfine_monai.planning.window_images import OUTLINE
from synfine_monai.planning.windows import Window
from synfine_monai.scans import FORMATS, Scan, open_scan, slab_slices

NAMED = re.compile(r"\D*(\d+)\D*$")
IMAGES = (*FORMATS["tiff"].extensions, *FORMATS["png"].extensions)
NOTHING = (UNLABELLED, OUTLINE)
"""What ``plan`` filled SCAN_windows with: no labels, whatever else means "not labelled"."""


def read_window_labels(
    path: str | Path, plan: Plan, shape: tuple[int, int, int], classes: Collection[int], unlabelled: int = UNLABELLED
) -> dict[int, np.ndarray]:
    """The labels of each image of a plan, those of repeats as well.

    Args:
        path: a volume of the scan's shape, or a folder of images of a window's size that keep the plan's numbers
            (window_001.tif).
        plan: the plan.
        shape: (D, H, W) of the scan.
        classes: values that are classes.
        unlabelled: value of what is not labelled: 255; or 0, and then class k is k + 1, as Fiji, napari and ilastik
            count.

    Returns:
        Number -> (size, size) uint8 classes, 255 where not labelled or beyond the image. What is missing is left out,
        and told.

    Raises:
        ScanError: if the labels are of another scan or plan, or hold values that are no classes.
    """
    if unlabelled not in (0, UNLABELLED):
        raise ScanError(f"--unlabelled_value is 255, or 0 where class k is saved as k + 1, got {unlabelled!r}.")
    path = Path(path)
    found = _of_folder(path, plan) if _is_folder_of_windows(path) else _of_volume(path, plan, shape, unlabelled)
    labels = {number: _as_classes(values, classes, unlabelled, number, path) for number, values in found.items()}
    return {number: values for number, values in labels.items() if (values != UNLABELLED).any()}


def _is_folder_of_windows(path: Path) -> bool:
    return path.is_dir() and any(file.name.lower().startswith("window") for file in path.iterdir())


def _of_folder(folder: Path, plan: Plan) -> dict[int, np.ndarray]:
    found: dict[int, np.ndarray] = {}
    for file in sorted(one for one in folder.iterdir() if one.suffix.lower() in IMAGES and one.name[0] != "."):
        matched = NAMED.match(file.stem)
        number = int(matched[1]) if matched else 0
        if number not in plan.images or number in found:
            raise ScanError(
                f"{file} is no window of the plan: its windows are numbered 1 to {max(plan.images)}, once each."
            )
        try:
            with as_whole_labels(open_scan(file)) as image:
                values = image.read()
        except ScanError as problem:
            look_at(f"Window {number} cannot be read and counts as not labelled: {problem}")
            continue
        if values.shape != (1, plan.size, plan.size):
            raise ScanError(f"{file} is {values.shape[1:]} voxels, but the plan's windows are {plan.size}×{plan.size}.")
        found[number] = values[0]
    return found


def _of_volume(path: Path, plan: Plan, shape: tuple[int, int, int], unlabelled: int) -> dict[int, np.ndarray]:
    """Windows cut from a volume; a repeat cannot be told from its original there and is left out."""
    with as_whole_labels(open_scan(path)) as volume:
        if volume.shape != shape:
            raise ScanError(f"{path} is {volume.shape} voxels (z, y, x), but the plan's scan is {shape}.")
        found = {}
        for z in sorted({window.z for window in plan.windows}):
            (image,) = volume.read(z, z + 1)
            for window in (one for one in plan.windows if one.z == z):
                values = np.full((window.size,) * 2, unlabelled, image.dtype)
                values[window.own(*image.shape)] = image[window.within(*image.shape)]
                found[window.id] = values
        empty = [number for number, values in found.items() if np.isin(values, (unlabelled, *NOTHING)).all()]
        outside = _labelled_outside(volume, plan, unlabelled)
    if outside and empty:
        raise ScanError(
            f"{path} has {outside:,} labelled voxels outside the plan's windows, and nothing in {len(empty)} of them "
            f"(window {empty[0]} first): are they the labels of another plan?"
        )
    if outside:
        look_at(f"{path.name}: {outside:,} labelled voxels lie outside the plan's windows and count nowhere.")
    return found


def _labelled_outside(volume: Scan, plan: Plan, unlabelled: int) -> int:
    step, count = slab_slices(volume.shape, 1 << 24), 0
    for start in range(0, volume.shape[0], step):
        slab = volume.read(start, min(start + step, volume.shape[0]))
        labelled = ~np.isin(slab, (unlabelled, *NOTHING))
        for window in (one for one in plan.windows if start <= one.z < start + len(slab)):
            labelled[(window.z - start, *window.within(*slab.shape[1:]))] = False
        count += int(np.count_nonzero(labelled))
    return count


def _as_classes(values: np.ndarray, classes: Collection[int], unlabelled: int, number: int, path: Path) -> np.ndarray:
    nothing = np.isin(values, (unlabelled, *NOTHING))
    found = values.astype(np.int64) - (1 if unlabelled == 0 else 0)
    known = np.isin(found, list(classes))
    if not (known | nothing).all():
        wrong = int(values[~(known | nothing)][0])
        wanted = ", ".join(str(one + (unlabelled == 0)) for one in sorted(classes))
        raise ScanError(
            f"window {number} of {path} holds the value {wrong}: classes are {wanted}, and {unlabelled} is what is not "
            "labelled. Is it the grey image, or are they numbered otherwise (--unlabelled_value)?"
        )
    return np.where(nothing, UNLABELLED, found).astype(np.uint8)


def covered(window: Window, labels: np.ndarray | None, core: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part of a window that lies in the image: its labels (255 throughout where it is missing) and its core.

    Args:
        window: the window.
        labels: (size, size) as from ``read_window_labels``, or None.
        core: (H, W) bool, of its slice.
    """
    labels = np.full((window.size,) * 2, UNLABELLED, np.uint8) if labels is None else labels
    return labels[window.own(*core.shape)], core[window.within(*core.shape)]
