"""DICOM: one series of slices in a folder, or one file of many frames, as SimpleITK reads it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import SimpleITK

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import OpenOptions, Scan, ScanInfo
from synfine_monai.scans.formats.dicom_frames import frame_places
from synfine_monai.scans.formats.itk import DTYPES
from synfine_monai.scans.formats.table import FORMATS

SERIES, POSITION, NUMBER = "0020|000e", "0020|0032", "0020|0013"
PHOTOMETRIC, SOP_CLASS = "0028|0004", "0008|0016"
SPACINGS = ("0028|0030", "0018|1164")
"""Pixel spacing, and that of the imager."""
MAGIC = b"DICM"
UNEVEN = 0.05
"""Share of the distance of slices by which one may lie beside its place: positions are rounded."""


@dataclass(frozen=True)
class _Slice:
    """What one file says: place along the normal in mm (None if unstated), and what all slices must have in common."""

    file: Path
    series: str
    shape: tuple[int, int, int]
    dtype: np.dtype
    place: float | None
    number: int
    origin: np.ndarray
    axes: np.ndarray
    step: float
    sop_class: str = ""
    frame: int = 0

    @property
    def name(self) -> str:
        return f"{self.file.name}, frame {self.frame + 1}" if self.shape[0] > 1 else self.file.name


class DicomScan(Scan):
    """Slices of one series, or frames of a file, in the order of their positions, by the slope and intercept of each.

    Voxel size and affine are in millimetres (left-posterior-superior). Without positions slices have the order of their
    instance numbers, and the voxel size is unknown.

    Args:
        path: a folder with one series, or one file: its series in its folder.

    Raises:
        ScanError: for no or several series, colour, and slices that are missing, twice there, uneven or unlike.
    """

    def __init__(self, path: Path) -> None:
        slices = _slices_of_series(path)
        _refuse_unlike(path, slices)
        slices = _frames_of(slices[0]) if slices[0].shape[0] > 1 else slices
        placed = all(one.place is not None for one in slices)
        slices.sort(key=lambda one: (one.place if placed else 0.0, one.number, one.file.name))
        depth, height, width = slices[0].shape
        step, notes = slices[0].step, []
        if len(slices) > 1:
            depth, step = len(slices), _even_step(path, slices) if placed else 0.0
        if not step:
            notes.append("its slices have no positions: they are in the order of their numbers, voxel size unknown.")
        affine = np.eye(4)
        affine[:3, :3] = slices[0].axes * [1, 1, step or 1.0]
        affine[:3, 3] = slices[0].origin
        z, y, x = (float(f"{np.linalg.norm(affine[:3, axis]) * 1e3:.9g}") for axis in (2, 1, 0))
        size = (z, y, x) if step and not np.isnan(slices[0].axes).any() else None
        dtypes = {one.dtype for one in slices}
        dtype = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float32)
        layout = {"unit": "mm" if size else None, "files": tuple(dict.fromkeys(one.file for one in slices))}
        self._frames = [one.frame for one in slices] if len(layout["files"]) == 1 else []
        affine = affine if size else np.eye(4)
        super().__init__(
            ScanInfo(path, "dicom", (depth, height, width), dtype, size, affine, layout, notes=tuple(notes))
        )

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path)

    def _read(self, start: int, stop: int) -> np.ndarray:
        files = self.info.layout["files"]
        if len(files) == 1 and start < stop:
            return self._ordered(files[0], self._frames[start:stop] if len(self._frames) > 1 else range(start, stop))
        slab = np.empty((stop - start, *self.shape[1:]), self.dtype)
        for z in range(start, stop):
            slab[z - start] = SimpleITK.GetArrayFromImage(_reader(files[z]).Execute()).reshape(self.shape[1:])
        return slab

    def _ordered(self, file: Path, frames: Sequence[int]) -> np.ndarray:
        for step in (1, -1):
            if (np.diff(frames) == step).all():
                return self._block(file, min(frames), max(frames) + 1)[::step]
        return np.concatenate([self._block(file, frame, frame + 1) for frame in frames])

    def _block(self, file: Path, low: int, high: int) -> np.ndarray:
        """Frames ``low`` to ``high`` as they are stored."""
        reader = _reader(file)
        reader.ReadImageInformation()
        reader.SetExtractIndex([0, 0, low])
        reader.SetExtractSize([self.shape[2], self.shape[1], high - low])
        return SimpleITK.GetArrayFromImage(reader.Execute())


def _reader(file: Path) -> SimpleITK.ImageFileReader:
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(file))
    return reader


def _slices_of_series(path: Path) -> list[_Slice]:
    """The slices of the only series in a folder, or of the one to which a file belongs.

    GDCM's own search passes over files that are damaged, so that a slice would be missing unseen.
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and _may_be_slice(file))
    series: dict[str, list[_Slice]] = {}
    for one in map(_described, files if path.is_dir() else [path, *(file for file in files if file != path)]):
        series.setdefault(one.series or str(one.file), []).append(one)
    if not path.is_dir():
        return next(iter(series.values()))
    if len(series) > 1:
        told = "; ".join(f"{len(each)} slices with {each[0].file.name}" for each in list(series.values())[:5])
        raise ScanError(
            f"{path.name} holds {len(series)} series ({told}): choose one by giving any of its files, as "
            f"{path.name}/{files[0].name}."
        )
    if not series:
        raise ScanError(f"{path.name} holds no DICOM image that can be read; copy or export it again.")
    return next(iter(series.values()))


def _may_be_slice(file: Path) -> bool:
    if file.name.startswith(".") or file.name.upper() == "DICOMDIR":
        return False
    with open(file, "rb") as opened:
        return file.suffix.lower() in FORMATS["dicom"].extensions or opened.read(132)[128:] == MAGIC


def _described(file: Path) -> _Slice:
    reader = _reader(file)
    try:
        reader.ReadImageInformation()
    except RuntimeError as problem:
        raise ScanError(
            f"{file.parent.name}/{file.name} cannot be read as a DICOM image, it is cut short or damaged; copy it "
            "again, or move it away if it is no slice."
        ) from problem
    if reader.GetNumberOfComponents() > 1 or reader.GetPixelID() not in DTYPES:
        raise ScanError(f"{file.name} holds colours or numbers that are no grey levels; export it as grey levels.")
    if _text(reader, PHOTOMETRIC) == "MONOCHROME1":
        raise ScanError(
            f"{file.name} is stored for inverted display (MONOCHROME1), so that dense may be low or high; export it as "
            "MONOCHROME2."
        )
    x, y, z = (*reader.GetSize(), 1)[:3]
    axes = np.reshape(reader.GetDirection(), (3, 3)) * [*reader.GetSpacing()[:2], 1.0]
    if not any(reader.HasMetaDataKey(key) for key in SPACINGS):
        axes = np.full((3, 3), np.nan)
    origin, number = np.asarray(reader.GetOrigin()), _text(reader, NUMBER)
    place = float(origin @ np.reshape(reader.GetDirection(), (3, 3))[:, 2]) if _text(reader, POSITION) else None
    step = reader.GetSpacing()[2] if z > 1 else float(np.linalg.norm(axes[:, 1]))
    return _Slice(
        file,
        _text(reader, SERIES),
        (z, y, x),
        np.dtype(DTYPES[reader.GetPixelID()]),
        place,
        int(number) if number.lstrip("-").isdigit() else 0,
        origin,
        axes,
        0.0 if z > 1 and step == 1.0 else step,
        _text(reader, SOP_CLASS),
    )


def _frames_of(whole: _Slice) -> list[_Slice]:
    """The frames of a file that says where each is; else the file."""
    places = frame_places(whole.file, whole.sop_class)
    if places is None:
        return [whole]
    positions, axes = places
    return [
        replace(whole, place=float(origin @ axes[:, 2]), origin=origin, axes=axes, frame=k, number=k)
        for k, origin in enumerate(positions)
    ]


def _text(reader: SimpleITK.ImageFileReader, key: str) -> str:
    return reader.GetMetaData(key).strip("\0 ") if reader.HasMetaDataKey(key) else ""


def _refuse_unlike(path: Path, slices: list[_Slice]) -> None:
    first = slices[0]
    for one in slices[1:]:
        if one.shape != first.shape or first.shape[0] > 1:
            says = ["×".join(map(str, reversed(each.shape))) for each in (one, first)]
            raise ScanError(
                f"{path.name}: {one.file.name} has {says[0]} voxels, {first.file.name} {says[1]}; the slices of one "
                "scan have one size, and a file of many frames stands alone."
            )
        if not np.allclose(one.axes, first.axes, rtol=1e-4, atol=1e-6, equal_nan=True):
            raise ScanError(
                f"{path.name}: {one.file.name} and {first.file.name} differ in pixel spacing or orientation; keep the "
                "slices of one scan in a folder."
            )


def _even_step(path: Path, slices: list[_Slice]) -> float:
    """Distance of neighbouring slices in mm."""
    places = np.array([one.place for one in slices])
    steps = np.diff(places)
    usual = float(np.median(steps))
    for before, after, step in zip(slices, slices[1:], steps, strict=False):
        if step <= UNEVEN * usual:
            raise ScanError(
                f"{path.name}: {before.name} and {after.name} have the same position ({before.place:g} mm); "
                "keep one of them."
            )
    mean = float(places[-1] - places[0]) / len(steps)
    if np.abs(places - places[0] - mean * np.arange(len(places))).max() > UNEVEN * usual:
        k = int(np.abs(steps - usual).argmax())
        raise ScanError(
            f"{path.name}: {slices[k].name} and {slices[k + 1].name} are {steps[k]:g} mm apart, but most "
            f"slices {usual:g} mm; add the missing slices, or export them at even distances."
        )
    return float(f"{mean:.9g}")
