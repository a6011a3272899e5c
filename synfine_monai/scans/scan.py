"""Open, describe and create scans of every format by one name, z first, with their voxel size in µm."""

import dataclasses
import logging
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from synfine_monai.conventions import LABELS_SUFFIX
from synfine_monai.errors import ScanError
from synfine_monai.files import named_path
from synfine_monai.scans.base import OpenOptions, Scan, ScanInfo, one_line, plain_library
from synfine_monai.scans.content import UNREAD, format_of_content, holds_dicom
from synfine_monai.scans.formats.hdf5 import split_dataset
from synfine_monai.scans.formats.table import FORMATS, extension_in, format_of_extension, known_extensions
from synfine_monai.scans.formats.zarr import is_zarr
from synfine_monai.scans.scan_logs import logged_voxel_size
from synfine_monai.scans.sink import ScanSink
from synfine_monai.scans.voxel_size import MICROMETRES, checked_voxel_size, sizes_of_affine, unit_that_fits


def open_scan(
    path: str | os.PathLike,
    *,
    raw_shape: Sequence[int] | None = None,
    raw_dtype: DTypeLike | None = None,
    raw_offset: int | None = None,
    voxel_size_um: float | Sequence[float] | None = None,
) -> Scan:
    """Open a scan for reading by windows of slices; reads its header only.

    Args:
        path: a file, a folder with one image a slice (TIFF, PNG, BMP, JPEG), a Zarr store or an array in it
            (core.zarr/raw), or a dataset of an HDF5 file (core.h5:/path/in/file; core.h5 alone where it has only one).
        raw_shape: (z, y, x) of a headerless raw file whose name does not carry x_y_z.
        raw_dtype: its type, for example "uint16"; "<u2" and ">u2", or uint16le and uint16be, say the byte order as
            well, which is asked of the grey levels otherwise.
        raw_offset: bytes before its first voxel.
        voxel_size_um: (z, y, x), or one number for cubes; wins over what the file says.

    Raises:
        ScanError: if it is missing, unreadable, damaged, or nothing that can be segmented.
    """
    path, dataset = split_dataset(path)
    _refuse_unreadable(path)
    kind, size = format_of(path), checked_voxel_size(voxel_size_um)
    reader = FORMATS[kind].reader()  # before its library is silenced
    with plain_library(f"{path.name} cannot be read as {kind}, it is cut short or damaged") as errors:
        scan = reader.opened(path, OpenOptions(kind, dataset, raw_shape, raw_dtype, raw_offset, errors))
        scan.info = _with_stated_size(scan.info, path, size)
    for note in scan.info.notes:
        _log_once(path, note)
    return scan


def _with_stated_size(info: ScanInfo, path: Path, size: tuple[float, float, float] | None) -> ScanInfo:
    """``info`` with the voxel size that the user states, else its own, else that of a log beside it."""
    if size is not None:
        return dataclasses.replace(with_voxel_size(info, size), voxel_size_from="--voxel_size_um")
    if info.voxel_size_um is not None:
        return info if info.voxel_size_from else dataclasses.replace(info, voxel_size_from="the file itself")
    log, problem = logged_voxel_size(path, info.shape, path.is_dir() and not FORMATS[info.format].extensions)
    if log is None:
        return dataclasses.replace(info, notes=(*info.notes, problem)) if problem else info
    return dataclasses.replace(with_voxel_size(info, log.voxel_size_um), voxel_size_from=log.source)


@lru_cache(maxsize=1024)
def _log_once(path: Path, note: str) -> None:
    """A verb opens a scan several times."""
    logging.getLogger(__name__).warning("%s: %s", path.name, note)


def _refuse_unreadable(path: Path) -> None:
    try:
        if path.is_dir():
            os.listdir(path)
            return
        with open(path, "rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        raise ScanError(f"{path} does not exist.") from None
    except OSError as problem:
        raise ScanError(f"{path} cannot be read ({one_line(problem)}).") from problem
    if empty:
        raise ScanError(f"{path} is empty; copy or export it again.")


def extension_of(path: str | os.PathLike) -> str:
    """ ".tif", ".nii.gz", ".ome.tif", ".ome.zarr" …, as the file spells it; "" if it has none."""
    return extension_in(split_dataset(path)[0])


def format_of(path: str | os.PathLike) -> str:
    """The format of a file by its extension, or by its first bytes; a folder is a store, a series, or holds slices.

    Raises:
        ScanError: for an unknown extension.
    """
    path = Path(path)
    if path.is_dir():
        return "zarr" if is_zarr(path) else "dicom" if holds_dicom(path) else "slice_folder"
    kind = format_of_extension(extension_of(path)) or (format_of_content(path) if path.is_file() else None)
    if kind is None and path.suffix.lower() in UNREAD:
        raise ScanError(f"{path.name} is {UNREAD[path.suffix.lower()]}.")
    if kind is None:
        raise ScanError(
            f"{path.name}: unknown extension; scans are {', '.join(known_extensions())}, "
            "or a folder with one image a slice."
        )
    return kind


def with_voxel_size(info: ScanInfo, voxel_size_um: tuple[float, float, float]) -> ScanInfo:
    """``info`` with another voxel size: its affine keeps its directions and gets new steps."""
    if info.voxel_size_um is not None and np.allclose(info.voxel_size_um, voxel_size_um, rtol=1e-6, atol=0):
        return dataclasses.replace(info, voxel_size_um=voxel_size_um)
    steps = sizes_of_affine(info.affine)
    unit = info.layout.get("unit") or unit_that_fits(steps, voxel_size_um) or FORMATS[info.format].unit
    affine = info.affine.copy()
    for axis, (step, size) in enumerate(zip(reversed(steps), reversed(voxel_size_um), strict=True)):
        affine[:3, axis] *= size / MICROMETRES[unit] / step
    return dataclasses.replace(info, voxel_size_um=voxel_size_um, affine=affine, layout={**info.layout, "unit": unit})


def new_scan_info(
    path: str | os.PathLike,
    shape: tuple[int, int, int],
    dtype: DTypeLike,
    voxel_size_um: float | Sequence[float] | None = None,
) -> ScanInfo:
    """Describe a scan that no file holds yet, to be given to ``create_scan``; its format is that of ``path``.

    A path without an extension is a folder with one TIFF a slice.
    """
    kind = format_of(path) if extension_of(path) else "slice_folder"
    depth, height, width = (int(n) for n in shape)
    info = ScanInfo(Path(path), kind, (depth, height, width), np.dtype(dtype), None)
    size = checked_voxel_size(voxel_size_um)
    if size is None:
        return info
    unit = FORMATS[kind].unit
    affine = np.diag([*(step / MICROMETRES[unit] for step in reversed(size)), 1.0])
    return dataclasses.replace(info, voxel_size_um=size, affine=affine, layout={"unit": unit})


def create_scan(
    path: str | os.PathLike, like: ScanInfo, dtype: DTypeLike = np.uint8, channels: int | None = None
) -> ScanSink:
    """Begin a volume of the shape, voxel size, affine and layout of ``like``.

    Args:
        path: file or folder to write; where its format is another than that of ``like``, shape and voxel size are kept.
        like: description of the source, from ``open_scan(...).info`` or ``new_scan_info``.
        dtype: uint8 for labels, uint8 or float32 for probabilities.
        channels: number of channels of slabs (channels, d, H, W), or None for (d, H, W).

    Raises:
        ScanError: if it cannot be written there.
    """
    path = Path(path)
    if path.exists() and like.path.exists() and path.samefile(like.path):
        raise ScanError(f"{path} is the scan itself and is not overwritten; choose another --output_dir or suffix.")
    fresh = new_scan_info(path, like.shape, like.dtype, like.voxel_size_um)
    kind = FORMATS[fresh.format]
    if like.format == "dicom" and fresh.format == "nrrd" and like.voxel_size_um is not None:
        fresh = dataclasses.replace(fresh, affine=like.affine, layout={"unit": like.layout["unit"]})
    if kind.sink is None:
        written = ", ".join(name for name, one in FORMATS.items() if one.sink is not None)
        raise ScanError(f"{path.name}: scans are not written as {fresh.format}; choose {written}.")
    return kind.writer()(path, like if fresh.format == like.format else fresh, np.dtype(dtype), channels)


def labels_path(
    info: ScanInfo,
    output_dir: str | os.PathLike,
    suffix: str = LABELS_SUFFIX,
    dtype: DTypeLike = np.uint8,
    extension: str | None = None,
) -> Path:
    """Where labels like ``info`` go: the source's name with ``suffix``, in its own format and extension.

    A folder for a folder; a raw file's name gets the type of the labels, and the sizes and voxel size if it lacks them.

    Args:
        info: the scan.
        output_dir: folder of the labels.
        suffix: what the name gets.
        dtype: of the voxels to be written.
        extension: of another format than the scan's, such as ".ome.zarr"; None keeps its own.
    """
    stem, own = _stem_and_extension(info)
    if extension is None:
        extension = FORMATS[info.format].written_as.get(own.lower(), own)
    stem = labels_stem(extension, stem, suffix, info.shape, np.dtype(dtype), info.voxel_size_um)
    return Path(output_dir) / f"{stem}{extension}"


def stem_of(info: ScanInfo) -> str:
    """What files that belong to a scan begin with: its name without the extension, a link's own."""
    return _stem_and_extension(info)[0]


def _stem_and_extension(info: ScanInfo) -> tuple[str, str]:
    source = named_path(info.path)
    own = extension_of(source)
    if format_of_extension(own) != info.format:
        own = ""  # a dot in the name of a folder
    return source.name.removesuffix(own), own


def labels_stem(
    extension: str,
    stem: str,
    suffix: str,
    shape: tuple[int, int, int],
    dtype: np.dtype,
    voxel_size_um: Sequence[float] | None,
) -> str:
    """The name of labels without ``extension``, as the format of that extension wants it."""
    kind = format_of_extension(extension)
    if kind is None or FORMATS[kind].sink is None:
        return stem + suffix
    return FORMATS[kind].writer().labels_stem(stem, suffix, shape, dtype, voxel_size_um)
