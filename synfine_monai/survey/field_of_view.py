"""Field of view: which voxels are rock in the core, and which are padding, air, mount or drilled centre."""

import copy
from abc import ABC, abstractmethod
from math import prod
from pathlib import Path

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans import Scan, open_scan
from synfine_monai.survey.core_outline import Thumbnail, enlarge, find_cores, grey_around, reduce_slice
from synfine_monai.survey.placed_labels import place_mask
from synfine_monai.survey.rock_in_slices import RockLevels, find_rock_levels, look_into, slices_with_rock, strips_of
from synfine_monai.survey.survey import Survey, files_signature, refuse_indices, survey_of

MAX_SLICES = 32  # read for a field of view or statistics, however long the scan is
KEPT_BYTES = 1 << 28  # of these slices, where reading them once more means inflating the whole file


class FieldOfView(ABC):
    """Which voxels of a scan are inside the core.

    Attributes:
        shape: (D, H, W) of the scan.
        signature: of the scan and of the given mask; None where they may change unseen.
        levels: what tells slices that hold rock.
    """

    shape: tuple[int, int, int]
    signature: tuple | None = None

    levels = RockLevels()

    @abstractmethod
    def slab(self, start: int, stop: int) -> np.ndarray:
        """The outline in slices ``start`` to ``stop`` (exclusive) as (stop - start, H, W) bool, True inside.

        ``inside`` also leaves out slices that hold no rock.
        """

    def inside(self, image: np.ndarray, start: int) -> np.ndarray:
        """Which voxels are rock in the core; none of a slice that is black, saturated, constant or all air.

        Args:
            image: (d, H, W) grey levels.
            start: slice of the scan that they begin with.

        Returns:
            (d, H, W) bool.
        """
        mask = self.slab(start, start + len(image))
        rock = [self.levels.hold(look_into(strips_of(i), strips_of(m))) for i, m in zip(image, mask, strict=True)]
        return mask if all(rock) else mask & np.array(rock)[:, None, None]


class FoundFieldOfView(FieldOfView):
    """The core as found on some slices; every other slice takes the nearest one's that hold rock.

    Holds reduced masks and the bits of the padding of at most 32 slices, whatever the length of the scan.

    Args:
        shape: (D, H, W) of the scan.
        depths: slices that were looked at, ascending.
        thumbnails: these slices, reduced.
        strips: of these slices, see ``strips_of``.
    """

    def __init__(
        self, shape: tuple[int, int, int], depths: np.ndarray, thumbnails: list[Thumbnail], strips: list[np.ndarray]
    ) -> None:
        kept = slices_with_rock([look_into(strip, np.ones(strip.shape, bool)) for strip in strips])
        self.shape, self.depths, self.thumbnails = shape, depths[kept], [thumbnails[k] for k in kept]
        self.cores = find_cores(self.thumbnails)
        self._masks: dict[int, np.ndarray] = {}
        self._keep_rock([strips[k] for k in kept])

    def _keep_rock(self, strips: list[np.ndarray]) -> None:
        """Learn how grey rock is, and forget the slices that hold none."""
        outlined = [k for k, core in enumerate(self.cores) if core.any()]
        looks = {k: look_into(strips[k], strips_of(self._mask(k))) for k in outlined}
        known = {k: look for k, look in looks.items() if look is not None}
        self.levels = find_rock_levels(list(known.values()), grey_around(self.thumbnails, self.cores))
        rock = [k for k, look in known.items() if self.levels.hold(look)] or outlined or list(range(len(self.cores)))
        self.depths = self.depths[rock]
        self.thumbnails, self.cores = [self.thumbnails[k] for k in rock], [self.cores[k] for k in rock]

    def slab(self, start: int, stop: int) -> np.ndarray:
        """The outline in slices ``start`` to ``stop`` (exclusive) as (stop - start, H, W) bool, True inside."""
        nearest = np.abs(np.arange(start, stop)[:, None] - self.depths).argmin(1)
        known = self._masks  # neighbouring slabs of a long scan share a mask
        masks = {k: known[k] if k in known else self._mask(k) for k in np.unique(nearest).tolist()}
        self._masks = masks
        return np.stack([masks[k] for k in nearest])

    def _mask(self, k: int) -> np.ndarray:
        return enlarge(self.cores[k], self.thumbnails[k])


class GivenFieldOfView(FieldOfView):
    """A mask file: 0 is outside, anything else inside; one slice serves for all slices of the scan.

    Of slices without rock, ``inside`` knows the constant ones only: no other slice was looked at.

    Args:
        shape: (D, H, W) of the scan.
        mask: the opened mask on the scan's voxels, of the same shape or of one slice.
    """

    def __init__(self, shape: tuple[int, int, int], mask: Scan) -> None:
        self.shape, self.mask = shape, mask

    def slab(self, start: int, stop: int) -> np.ndarray:
        """Slices ``start`` to ``stop`` (exclusive) as (stop - start, H, W) bool, True inside."""
        if self.mask.shape[0] == self.shape[0]:
            return self.mask.read(start, stop) != 0
        return np.repeat(self.mask.read(0, 1) != 0, stop - start, axis=0)


def find_scan_field_of_view(scan: Scan, given: Path | None = None) -> FieldOfView:
    """Find the field of view of a scan from at most 32 of its slices, or take it from a mask file, once a process.

    Args:
        scan: an open scan.
        given: mask of the scan's shape, or that its header places on the scan, or one slice for all; 0 is outside.

    Raises:
        ScanError: if the mask has another shape or place, or is empty; if the scan is constant or holds no core.
    """
    survey, mask = survey_of(scan), files_signature(given)
    signature = None if survey.signature is None or mask is None else (survey.signature, mask)
    found = survey.fields.recall(
        signature, lambda: _found(scan, survey) if given is None else _given(scan, Path(given))
    )
    found = copy.copy(found)  # each caller has its own masks and its own open file, for its own thread
    if isinstance(found, FoundFieldOfView):
        found._masks = {}
    elif isinstance(found, GivenFieldOfView):
        found.mask = place_mask(open_scan(Path(given)), scan.info)
    found.signature = signature
    return found


def thin_pass(depth: int) -> np.ndarray:
    """At most 32 evenly spaced slices of ``depth``, the first and the last among them."""
    return np.unique(np.linspace(0, depth - 1, min(depth, MAX_SLICES)).round().astype(int))


def _found(scan: Scan, survey: Survey) -> FieldOfView:
    refuse_indices(scan)
    depths, thumbnails, strips, lowest, highest = thin_pass(scan.shape[0]), [], [], [], []
    keep = (
        scan.forward_only
        and survey.signature
        and len(depths) * scan.dtype.itemsize * prod(scan.shape[1:]) <= KEPT_BYTES
    )
    for z in depths:
        (image,) = scan.read(z, z + 1)
        if keep:
            survey.slices[int(z)] = image[None]
        thumbnails.append(reduce_slice(image))
        strips.append(strips_of(image))
        lowest.append(image.min())
        highest.append(image.max())
    if min(lowest) == max(highest):
        raise ScanError(
            f"{scan.info.path.name} is constant: all voxels that were read are {min(lowest):g}, so "
            "there is no rock in it. Is it the right file?"
        )
    found = FoundFieldOfView(scan.shape, depths, thumbnails, strips)
    if not any(core.any() for core in found.cores):
        raise ScanError(f"{scan.info.path.name}: no core was found in it; give a mask of the core with --fov.")
    return found


def _given(scan: Scan, path: Path) -> FieldOfView:
    mask = place_mask(open_scan(path), scan.info)
    if mask.shape not in (scan.shape, (1, *scan.shape[1:])):
        raise ScanError(
            f"{path.name} is a field of view of {_size(mask.shape)} voxels (z, y, x), but "
            f"{scan.info.path.name} has {_size(scan.shape)}: give one of the same shape, or one slice."
        )
    if not any(mask.read(z, z + 1).any() for z in range(mask.shape[0])):
        raise ScanError(f"{path.name} is an empty field of view, all of it is 0: mark the core with 1.")
    return GivenFieldOfView(scan.shape, mask)


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def find_field_of_view(volume: np.ndarray) -> np.ndarray:
    """Find the core: cylinder, ring, core in its mount or sleeve, or plain box.

    Pores are inside, also where they open to the rim. Padding of one constant value, the air or darker mount
    around the core, and a drilled centre are outside. Rock must be brighter than what surrounds it.

    Args:
        volume: (D, H, W), z first, any real dtype; a single slice is D = 1.

    Returns:
        (D, H, W) bool, True inside.

    Raises:
        ScanError: if the volume is constant, or holds no core.
    """
    if volume.size == 0 or volume.min() == volume.max():
        raise ScanError(f"the image of shape {volume.shape} is constant: there is no rock in it. Is it the right file?")
    shape, strips = volume.shape, [strips_of(image) for image in volume]
    found = FoundFieldOfView(shape, np.arange(len(volume)), [reduce_slice(image) for image in volume], strips)
    masks = found.inside(volume, 0)
    if not masks.any():
        raise ScanError(f"no core was found in the image of shape {volume.shape}: give a mask of it with --fov.")
    return masks
