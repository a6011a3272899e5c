"""Patches of a task's scans without labels: what the look of a scan can be learned from."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from synfine_monai.conventions import NORMALISATION, PATCH_SIZE, UNLABELLED
from synfine_monai.data.labelled_slices import specimen_statistics
from synfine_monai.data.task import Item, Task
from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import IntensityStatistics, find_scan_field_of_view
from synfine_monai.transforms import fill_outside

SLICES_PER_SCAN = 16
HELD_OUT = 0.25


def unlabelled_patches(
    task: Task,
    count: int,
    seed: int = 0,
    normalisation: str = NORMALISATION,
    splits: Sequence[str] = ("training", "unlabelled"),
    part: str = "all",
    size: int = PATCH_SIZE,
    inside: float = 1.0,
) -> torch.Tensor:
    """Draw patches inside the field of view, spread evenly over scans and slices; labels are never read.

    Args:
        task: the task.
        count: how many patches; they may overlap.
        seed: of their places.
        normalisation: one of ``synfine_monai.survey.METHODS``, measured over a specimen.
        splits: whose images are used; an image named twice counts once.
        part: "held_out" for the last quarter of the slices (at least one), "seen" for the others, "all" for both.
        size: side of a patch in voxels.
        inside: share of a patch that lies in the field of view at least, 0 to 1; the rest is filled smoothly.

    Returns:
        (count, 1, size, size) float32, normalised.

    Raises:
        ScanError: if there is no image in these splits, no slice holds a patch inside the field of view, or a part is
            asked of a single slice.
    """
    items = {item.image: item for split in splits for item in getattr(task, split)}
    if not items:
        raise ScanError(
            f"{task.path or task.name} names no image in its {' or '.join(repr(s) for s in splits)} items: "
            "the look of a scan is learned from images, list some."
        )
    slices = [slice_ for item in items.values() for slice_ in _slices(item, task, normalisation, size, inside)]
    if not slices:
        raise ScanError(f"{task.path or task.name}: no slice holds a {size}×{size} patch inside its field of view.")
    slices = _part(slices, part, task)
    random = np.random.default_rng([seed, size])
    return torch.from_numpy(np.stack([_draw(*slices[i % len(slices)], size, random) for i in range(count)])[:, None])


def windows_without_labels(
    task: Task, count: int, seed: int = 0, normalisation: str = NORMALISATION, size: int = PATCH_SIZE
) -> dict[str, torch.Tensor]:
    """Windows of the whole scan for a teacher, without labels; a quarter of each lies in the field of view, or less.

    Less only where the core is too thin for that.

    Args, raises: as ``unlabelled_patches``.

    Returns:
        "image" (count, 1, size, size) float32 and "label" (count, 1, size, size) uint8, all 255.
    """
    try:
        image = unlabelled_patches(task, count, seed, normalisation, size=size, inside=0.25)
    except ScanError:
        image = unlabelled_patches(task, count, seed, normalisation, size=size, inside=1 / size**2)
    return {"image": image, "label": torch.full_like(image, UNLABELLED, dtype=torch.uint8)}


def _slices(
    item: Item, task: Task, normalisation: str, size: int, inside: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(normalised slice, corners of all patches inside the field of view) of some slices of a scan."""
    statistics: IntensityStatistics = specimen_statistics(task, item.specimen, normalisation)
    with open_scan(item.image) as scan:
        fov = find_scan_field_of_view(scan, item.fov)
        for z in np.unique(np.linspace(0, scan.shape[0] - 1, SLICES_PER_SCAN).astype(int)):
            grey = scan.read(z, z + 1)
            mask = fov.inside(grey, z)
            corners = _corners(mask[0], size, inside)
            if len(corners):
                image = statistics.normalise(grey, z)
                yield (fill_outside(image, mask) if inside < 1 else image)[0], corners


def _corners(fov: np.ndarray, size: int, inside: float = 1.0) -> np.ndarray:
    """(N, 2) corners of the windows of which a share lies in the field of view, by a table of sums."""
    sums = np.pad(fov.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    found = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    return np.argwhere(found >= inside * size * size)


def _part(slices: list[tuple[np.ndarray, np.ndarray]], part: str, task: Task) -> list[tuple[np.ndarray, np.ndarray]]:
    if part not in ("all", "seen", "held_out"):
        raise ValueError(f"part takes all, seen or held_out, got {part!r}.")
    if part == "all":
        return slices
    if len(slices) < 2:
        raise ScanError(f"{task.path or task.name} has one slice only: there is no second one to hold out.")
    first = len(slices) - max(1, round(HELD_OUT * len(slices)))
    return slices[:first] if part == "seen" else slices[first:]


def _draw(image: np.ndarray, corners: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    y, x = corners[random.integers(len(corners))]
    return image[y : y + size, x : x + size].astype(np.float32)
