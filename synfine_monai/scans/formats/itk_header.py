"""Text headers of NRRD and MetaImage: where the voxels are and which voxel size somebody stated.

SimpleITK reads whole volumes of these formats and reports a spacing of 1 where a file states none, hence this look
into the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from synfine_monai.errors import ScanError
from synfine_monai.scans.voxel_size import known_unit
from synfine_monai.scans.voxel_stream import VoxelStream

LONGEST_LINE = 65_536


@dataclass(frozen=True)
class ItkHeader:
    """Where and how voxels are stored.

    Attributes:
        data_path: file that holds the voxels.
        offset: of the first voxel or of the compressed stream in it; -1 if the voxels stand at its end.
        encoding: "raw", "gzip" or "zlib"; None for what only SimpleITK reads (text, bzip2, one file a slice).
        byte_order: "<" or ">".
        states_spacing: whether the text holds a spacing, in no unit or in one that we know.
        unit: unit that the text states, a key of MICROMETRES, or None.
    """

    data_path: Path
    offset: int
    encoding: str | None
    byte_order: Literal["<", ">"]
    states_spacing: bool
    unit: str | None


def read_itk_header(path: Path) -> ItkHeader:
    """Read the text header of a .nrrd, .nhdr, .mha or .mhd file.

    Raises:
        ScanError: if the header lacks a size, a type or a data file, or the voxels stand in a file that does not exist.
    """
    header = _nrrd(path) if path.suffix.lower() in (".nrrd", ".nhdr") else _metaimage(path)
    if header.encoding is not None and not header.data_path.is_file():
        raise ScanError(
            f"{path.name} says that its voxels are in {header.data_path.name}, but there is no such file "
            "beside it; copy both files together."
        )
    return header


def _nrrd(path: Path) -> ItkHeader:
    fields: dict[str, str] = {}
    with open(path, "rb") as file:
        for line in iter(lambda: file.readline(LONGEST_LINE), b""):
            text = line.decode("utf-8", "replace").strip()
            if not text:
                break
            name, separator, value = text.partition(": ")
            if separator and not text.startswith("#"):
                fields[name.lower().replace(" ", "")] = value.strip()
        end = file.tell()
    detached = fields.get("datafile")
    skip = int(fields.get("byteskip", 0))
    encoding = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}.get(fields.get("encoding", ""))
    simple = not int(fields.get("lineskip", 0)) and (skip == 0 or encoding == "raw")
    if not simple or (detached or "").startswith("LIST") or "%" in (detached or ""):
        encoding = None
    offset = skip if skip < 0 else (0 if detached else end) + skip
    units = [word for word in (fields.get("spaceunits") or fields.get("units", "")).split('"') if word.strip()]
    unit = known_unit(units[0]) if len({known_unit(word) for word in units}) == 1 else None
    spacing = fields.get("spacedirections") or fields.get("spacings", "nan")
    states_spacing = "nan" not in spacing.lower() and (
        not units or unit is not None
    )  # "pixel" or two units say nothing
    return ItkHeader(
        path.with_name(detached) if detached else path,
        offset,
        encoding,
        ">" if fields.get("endian") == "big" else "<",
        states_spacing,
        unit,
    )


def _metaimage(path: Path) -> ItkHeader:
    fields: dict[str, str] = {}
    with open(path, "rb") as file:
        for line in iter(lambda: file.readline(LONGEST_LINE), b""):
            name, _, value = line.decode("utf-8", "replace").partition("=")
            fields[name.strip()] = value.strip()
            if name.strip() == "ElementDataFile":
                break
        end = file.tell()
    # MetaIO would print its complaint to the console
    if missing := [name for name in ("NDims", "DimSize", "ElementType", "ElementDataFile") if not fields.get(name)]:
        raise ScanError(f"{path.name} is damaged or no MetaImage: its header lacks {', '.join(missing)}.")
    data_file = fields["ElementDataFile"]
    local = data_file.upper() == "LOCAL"
    data_path = path if local else path.with_name(data_file)
    offset = int(fields.get("HeaderSize", 0))
    big_endian = "true" in (fields.get("BinaryDataByteOrderMSB", "") + fields.get("ElementByteOrderMSB", "")).lower()
    return ItkHeader(
        data_path,
        offset if offset < 0 else offset + (end if local else 0),
        _metaimage_encoding(fields, data_path, end if local else 0),
        ">" if big_endian else "<",
        "ElementSpacing" in fields or "ElementSize" in fields,
        None,
    )


def _metaimage_encoding(fields: Mapping[str, str], data_path: Path, offset: int) -> str | None:
    name = fields.get("ElementDataFile", "")
    if name.upper().startswith("LIST") or "%" in name or fields.get("BinaryData", "True").lower() != "true":
        return None
    if fields.get("CompressedData", "False").lower() != "true" or not data_path.is_file():
        return "raw"
    with open(data_path, "rb") as file:
        file.seek(offset)
        return "gzip" if file.read(2) == b"\x1f\x8b" else "zlib"


def voxel_stream_of(header: ItkHeader, shape: tuple[int, int, int], dtype: np.dtype, path: Path) -> VoxelStream | None:
    """Direct access to the voxels of ``path``, or None for what only SimpleITK reads.

    Raises:
        ScanError: if there are fewer voxels than ``shape`` (D, H, W) says.
    """
    if header.encoding is None:
        return None
    stored, offset = dtype.newbyteorder(header.byte_order), header.offset
    needed, size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize, header.data_path.stat().st_size
    if header.encoding == "raw":
        offset = size - needed if offset < 0 else offset
        if offset < 0 or offset + needed > size:
            raise ScanError(
                f"{path.name} is cut short: {header.data_path.name} has {size:,} bytes, but "
                f"{max(offset, 0):,} of header and {needed:,} of voxels are needed; copy or export it "
                "again."
            )
    return VoxelStream(header.data_path, offset, shape, stored, header.encoding)
