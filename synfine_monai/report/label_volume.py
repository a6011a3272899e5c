"""A volume of labels on disk as classes and core, a few slices at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from synfine_monai.conventions import LABELS_SUFFIX, OUTSIDE, POROSITY_SUFFIX
from synfine_monai.data import as_whole_labels, outside_value_of
from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.scans import Scan, ScanInfo, stem_of
from synfine_monai.survey import FieldOfView, find_scan_field_of_view


@dataclass(frozen=True)
class LabelVolume:
    """Labels of a whole scan, and which of them lie in the core.

    Attributes:
        labels: the open volume.
        pore_labels: classes that are pore space.
        outside: value outside the core; None if no value says it.
        fov: mask of the core; None: where ``outside`` is not.
        box: z, y and x ranges that are looked at.
    """

    labels: Scan
    pore_labels: tuple[int, ...]
    outside: int | None
    fov: FieldOfView | None
    box: tuple[range, range, range]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(D, H, W) of the box."""
        return len(self.box[0]), len(self.box[1]), len(self.box[2])

    def read(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """(d, H, W) uint8 classes of slices of the box, and bool, whether they are in the core.

        Raises:
            ScanError: if they hold values that are no labels.
        """
        first, last = self.box[0].start + start, self.box[0].start + stop
        values = read_classes(self.labels, first, last)
        core = np.ones(values.shape, bool) if self.outside is None else values != self.outside
        if self.fov is not None:
            core &= self.fov.slab(first, last)
        cut = np.s_[:, self.box[1].start : self.box[1].stop, self.box[2].start : self.box[2].stop]
        return values[cut], core[cut]

    def slabs(self, slab_voxels: int, words: str = "Measuring") -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """One slab after the other as ``read`` gives it, with a progress bar."""
        depth, height, width = self.shape
        slab = max(1, slab_voxels // (height * width))
        with tqdm(desc=words, total=depth, unit="slice") as bar:
            for start in range(0, depth, slab):
                stop = min(start + slab, depth)
                yield self.read(start, stop)
                bar.update(stop - start)


def open_label_volume(
    labels: Scan,
    pore_labels: Sequence[int],
    fov: str | Path | None = None,
    outside_value: int | str | None = None,
    box: Sequence[int] | None = None,
    fewest_slices: int = 2,
    stated: bool = False,
) -> LabelVolume:
    """What is in the core of a volume of labels.

    Args:
        labels: an open volume of classes.
        pore_labels: classes that are pore space.
        fov: mask of the core, of the volume's shape or one slice for all; 0 is outside. None: all other voxels.
        outside_value: what is outside the core, or "none"; None asks the data, see ``outside_value_of``.
        box: first and one past the last voxel along z, y and x, six numbers; None: all.
        fewest_slices: that it must have.
        stated: whether it is known that 255 is outside, even if nothing beside the labels says so.

    Raises:
        ScanError: if the volume is a single slice or holds no labels, or the box does not lie in it; or as
            ``outside_value_of``.
    """
    labels = as_whole_labels(labels)
    if labels.shape[0] < fewest_slices:
        raise ScanError(f"{labels.info.path.name} is a single slice: this takes a volume.")
    outside = outside_value_of(labels, outside_value, pore_labels, stated or stated_porosity(labels.info).is_file())
    if outside in pore_labels:
        raise ScanError(f"{outside} cannot be both pore and outside the core: see --pore_labels and --outside_value.")
    field_of_view = None if fov is None else find_scan_field_of_view(labels, Path(fov))
    return LabelVolume(labels, tuple(pore_labels), outside, field_of_view, _ranges(box, labels.shape))


def stated_porosity(labels: ScanInfo, folder: str | Path | None = None) -> Path:
    """The file beside labels, or in a folder, that says which are pores, where this package wrote both."""
    return Path(folder or labels.path.parent) / f"{labelled_name(labels)}{POROSITY_SUFFIX}.json"


def labelled_name(labels: ScanInfo) -> str:
    """Name of the scan that labels belong to."""
    return stem_of(labels).removesuffix(LABELS_SUFFIX)


def name_absent_pores(volume: LabelVolume, counts: np.ndarray) -> None:
    """Say which pore classes no voxel has, by (256,) counts of the values."""
    name = volume.labels.info.path.name
    for label in (label for label in volume.pore_labels if not counts[label]):
        held = ", ".join(map(str, np.flatnonzero(counts)))
        look_at(f"{name} holds no voxel of the pore class {label}: its values are {held}.")


def _ranges(box: Sequence[int] | None, shape: Sequence[int]) -> tuple[range, range, range]:
    if box is None:
        return range(shape[0]), range(shape[1]), range(shape[2])
    pairs = list(zip(box[::2], box[1::2], shape, strict=False))
    if len(box) != 6 or not all(0 <= low < high <= size for low, high, size in pairs) or pairs[0][1] - pairs[0][0] < 2:
        raise ScanError(
            f"--box takes six numbers within {'×'.join(map(str, shape))} voxels, [z0,z1,y0,y1,x0,x1], and at least two "
            f"slices; got {list(box)}."
        )
    z, y, x = (range(low, high) for low, high, _ in pairs)
    return z, y, x


def read_classes(labels: Scan, start: int, stop: int) -> np.ndarray:
    """Slices as uint8 classes; other programs store labels as int16 or float32.

    Raises:
        ScanError: if they hold values that are no whole numbers from 0 to 255.
    """
    slab = labels.read(start, stop)
    if slab.dtype == np.uint8:
        return slab
    low, high = slab.min(), slab.max()
    if low < 0 or high > OUTSIDE or (slab.dtype.kind == "f" and (slab != slab.round()).any()):
        raise ScanError(
            f"{labels.info.path.name} holds values from {low:g} to {high:g} in slices {start} to "
            f"{stop - 1}; labels are whole, 0 to {OUTSIDE}. Is it the scan itself?"
        )
    return slab.astype(np.uint8)
