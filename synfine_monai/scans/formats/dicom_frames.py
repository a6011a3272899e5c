"""Places of the frames of an enhanced DICOM file, which may be stored in any order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.optional import optional_library

ENHANCED = (
    "1.2.840.10008.5.1.4.1.1.2.1",  # CT
    "1.2.840.10008.5.1.4.1.1.2.2",  # CT, converted
    "1.2.840.10008.5.1.4.1.1.4.1",  # MR
    "1.2.840.10008.5.1.4.1.1.4.4",  # MR, converted
)
"""Classes of objects that tell of each frame by itself where it is and how its numbers are to be read."""
COMMON = {
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "PixelMeasuresSequence": ("PixelSpacing",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
}
"""Groups of a frame, and what of them must be alike in all frames."""


def frame_places(file: Path, sop_class: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Where the frames of a file lie, in the order in which they are stored; None where it does not say it.

    Returns:
        (n, 3) positions x, y, z in mm, and (3, 3) steps along a row and down a column in mm, and the unit normal, as
        columns; NaN where no spacing is stated.

    Raises:
        ScanError: if pydicom is missing, or frames have grey levels, spacings or directions of their own.
    """
    if sop_class not in ENHANCED:
        return None
    pydicom = optional_library("pydicom", file.name, "dicom", "or export one file a slice")
    header = pydicom.dcmread(file, stop_before_pixels=True)
    frames = header.get("PerFrameFunctionalGroupsSequence", [])
    shared: Any = next(iter(header.get("SharedFunctionalGroupsSequence", [])), {})
    groups = {name: list(_groups(frames, shared, name)) for name in ("PlanePositionSequence", *COMMON)}
    for name, values in COMMON.items():
        if len({tuple(str(each.get(value)) for value in values) for each in groups[name]}) > 1:
            raise ScanError(f"{file.name}: its frames differ in {' or '.join(values)}; export one file a slice.")
    places = [each.get("ImagePositionPatient") for each in groups["PlanePositionSequence"]]
    direction = groups["PlaneOrientationSequence"][0].get("ImageOrientationPatient") if frames else None
    if direction is None or any(place is None for place in places):
        return None
    along, down = np.reshape(np.array(direction, float), (2, 3))
    spacing = np.array(groups["PixelMeasuresSequence"][0].get("PixelSpacing") or [np.nan] * 2, float)
    return np.array(places, float), np.stack([along * spacing[1], down * spacing[0], np.cross(along, down)], 1)


def _groups(frames: Any, shared: Any, name: str) -> Iterator[Any]:
    for frame in frames:
        yield next(iter(frame.get(name) or shared.get(name) or []), {})
