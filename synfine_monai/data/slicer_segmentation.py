"""Segmentations of 3D Slicer (.seg.nrrd): segments in layers, with their names, cut out around what was drawn."""

from pathlib import Path

import numpy as np
import SimpleITK

from synfine_monai.errors import ScanError
from synfine_monai.notices import look_at
from synfine_monai.scans import ScanInfo, one_line
from synfine_monai.survey import DrawnLabels

OFFSET = "Segmentation_ReferenceImageExtentOffset"
NOTHING_DRAWN = 0


class SlicerSegmentation(DrawnLabels):
    """A segmentation as a volume of labels: segment k, counted from 1 in the file's order, and 0 where none is.

    Where segments overlap nothing is labelled, and how much that is is said. The volume is held in memory.

    Attributes:
        offset: (z, y, x) of the first voxel in the scan that was segmented, or None where the file does not say.

    Raises:
        ScanError: if the file cannot be read, or a segment is in a layer that is not there.
    """

    def __init__(self, path: Path) -> None:
        try:
            image = SimpleITK.ReadImage(str(path))
        except RuntimeError as problem:
            raise ScanError(f"{path.name} cannot be read as a segmentation ({one_line(problem)}).") from problem
        keys = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
        layers = SimpleITK.GetArrayFromImage(image)
        layers = layers if image.GetNumberOfComponentsPerPixel() > 1 else layers[..., None]
        self._classes, names = _merged(path, layers, keys)
        offset = keys.get(OFFSET)
        self.offset = None if offset is None else tuple(int(float(n)) for n in reversed(offset.split()))
        affine = np.eye(4)
        affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
        affine[:3, 3] = image.GetOrigin()
        depth, height, width = self._classes.shape
        info = ScanInfo(path, "nrrd", (depth, height, width), np.dtype(np.uint8), None, affine, {"unit": "mm"})
        super().__init__(info, range(depth), NOTHING_DRAWN)
        self.names = names

    def _read(self, start: int, stop: int) -> np.ndarray:
        return self._classes[start:stop]


def is_segmentation(path: Path) -> bool:
    """Whether a file is an NRRD whose header names segments."""
    if not path.name.lower().endswith(".nrrd") or not path.is_file():
        return False
    with open(path, "rb") as file:
        header = file.read(1 << 16).split(b"\n\n", 1)[0].replace(b"\r", b"")
    return b"\nSegment0_" in header


def _merged(path: Path, layers: np.ndarray, keys: dict[str, str]) -> tuple[np.ndarray, dict[int, str]]:
    """Layers (D, H, W, n) as one volume of numbered segments, and their names."""
    classes, times = np.zeros(layers.shape[:3], np.uint8), np.zeros(layers.shape[:3], np.uint8)
    names: dict[int, str] = {}
    while f"Segment{len(names)}_ID" in keys or f"Segment{len(names)}_Name" in keys:
        segment = f"Segment{len(names)}_"
        layer, value = int(keys.get(f"{segment}Layer", 0)), int(keys.get(f"{segment}LabelValue", len(names) + 1))
        if layer >= layers.shape[-1]:
            raise ScanError(f"{path.name} has {layers.shape[-1]} layers, but {segment}Layer is {layer}: save it again.")
        names[len(names) + 1] = keys.get(segment + "Name") or keys[segment + "ID"]
        drawn = layers[..., layer] == value
        classes[drawn] = len(names)
        times += drawn
    if twice := int(np.count_nonzero(times > 1)):
        look_at(f"{twice:,} voxels of {path.name} belong to several segments and count as 'not labelled'.")
        classes[times > 1] = NOTHING_DRAWN
    return classes, names
