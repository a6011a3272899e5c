"""What instruments write about a scan in plain text beside it: voxel size, and for headerless volumes size and type."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synfine_monai.scans.voxel_size import MICROMETRES, known_unit

LONGEST_LOG = 1 << 20
LINE = re.compile(r"^\s*([^=:\n]+?)\s*[=:]\s*(.*?)\s*$", re.MULTILINE)
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
SIZE_IN_WORDS = re.compile(
    rf"(?:pixel|voxel)[ _]?size\b[^\n\d]*?"
    rf"(?:[(\[]\s*(um|µm|micron|mm|nm)s?\s*[)\]][^\n\d]*?({NUMBER})|({NUMBER})\s*(um|µm|micron|mm|nm))",
    re.IGNORECASE,
)
ALIKE = 1e-3
"""Relative difference within which two logs say the same."""


@dataclass(frozen=True)
class ScanLog:
    """What one log says; whatever it does not say is None.

    Attributes:
        name: of the file.
        maker: whose program wrote it.
        voxel_size_um: (z, y, x).
        shape: (D, H, W) of the volume; D is None where only the size of its slices is said.
        dtype: of a headerless volume, with its byte order.
        offset: bytes before its first voxel.
    """

    name: str
    maker: str
    voxel_size_um: tuple[float, float, float] | None = None
    shape: tuple[int | None, int, int] | None = None
    dtype: np.dtype | None = None
    offset: int | None = None

    @property
    def source(self) -> str:
        """Where a voxel size comes from, in words."""
        return f"{self.name} ({self.maker})"


def logs_beside(path: Path, inside: bool = False) -> list[ScanLog]:
    """The logs of a scan: those of its name beside it, or, of a folder of slices, those ``inside``.

    Of several in a folder those whose name the slices begin with, and of these the longest.
    """
    stems = {path.name.lower(), path.stem.lower()}
    files = [one for one in _texts(path.parent) if one.name.lower().rpartition(".")[0] in stems and one != path]
    if inside:
        texts = _texts(path)
        slices = [one.name for one in path.iterdir() if one not in texts]
        named = [one for one in texts if any(name.startswith(one.stem) for name in slices)]
        files = sorted(named, key=lambda one: -len(one.stem))[:1] or texts or files
    return [log for log in map(_read, files) if log is not None]


def logged_voxel_size(path: Path, shape: tuple[int, int, int], inside: bool) -> tuple[ScanLog | None, str]:
    """The log that says the voxel size of a scan of this shape, and a sentence where one was not believed."""
    logs = [log for log in logs_beside(path, inside) if log.voxel_size_um is not None]
    for log in logs:
        if log.shape is not None and log.shape[1:] not in (shape[1:], shape[:0:-1]):
            stated = f"{log.shape[2]}×{log.shape[1]}"
            return None, (
                f"{log.name} speaks of slices of {stated} voxels, but these have {shape[2]}×{shape[1]}: "
                "their voxel size is unknown."
            )
    for log in logs[1:]:
        if not np.allclose(log.voxel_size_um, logs[0].voxel_size_um, rtol=ALIKE, atol=0):
            return None, (
                f"{logs[0].name} says voxels of {logs[0].voxel_size_um[2]:g} µm, {log.name} of "
                f"{log.voxel_size_um[2]:g} µm: the voxel size is unknown."
            )
    return (logs[0] if logs else None), ""


def _texts(folder: Path) -> list[Path]:
    with suppress(OSError):  # a scan may be read in a folder that may not be listed
        return sorted(one for one in folder.iterdir() if one.suffix.lower() in LOGS and one.is_file())
    return []


def _read(file: Path) -> ScanLog | None:
    try:
        with open(file, "rb") as opened:
            content = opened.read(LONGEST_LOG)
    except OSError:
        return None
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = content.decode(coding, "replace")
    fields: dict[str, str] = {}
    for key, value in LINE.findall(text):
        fields.setdefault(key.strip(" #!;").lower(), value)
    maker, read = LOGS[file.suffix.lower()]
    with suppress(ValueError):
        said = read(fields, text)
        return ScanLog(file.name, maker, **said) if said else None
    return None


def _positive(*sizes: float) -> tuple[float, float, float] | None:
    z, y, x = (float(f"{size:.9g}") for size in (sizes if len(sizes) == 3 else sizes * 3))
    return (z, y, x) if min(z, y, x) > 0 and max(z, y, x) < float("inf") else None


def _skyscan(fields: Mapping[str, str], text: str) -> dict:
    size = fields.get("pixel size (um)", fields.get("image pixel size (um)"))
    if size is None:
        return {}
    pixel, step = float(size), float(fields.get("section to section step", 1))
    said: dict = {"voxel_size_um": _positive(pixel * step, pixel, pixel)}
    if "result image width (pixels)" in fields:
        width = int(fields["result image width (pixels)"])
        said["shape"] = (None, int(fields.get("result image height (pixels)", width)), width)
    return said


def _xyz(fields: Mapping[str, str], names: tuple[str, str, str]) -> tuple[int, int, int] | None:
    if not all(name in fields for name in names):
        return None
    x, y, z = (int(float(fields[name])) for name in names)
    return z, y, x


def _nikon(fields: Mapping[str, str], text: str) -> dict:
    if "voxelsizex" not in fields:
        return {}
    x, y, z = (1e3 * float(fields.get(f"voxelsize{axis}", fields["voxelsizex"])) for axis in "xyz")
    shape = _xyz(fields, ("voxelsx", "voxelsy", "voxelsz"))
    return {"voxel_size_um": _positive(z, y, x), "shape": shape, "dtype": np.dtype("<f4")}


def _volume_graphics(fields: Mapping[str, str], text: str) -> dict:
    said: dict = {}
    unit = known_unit(fields.get("unit", ""))
    if "resolution" in fields and unit is not None:
        x, y, z = (float(one) * MICROMETRES[unit] for one in fields["resolution"].split()[:3])
        said["voxel_size_um"] = _positive(z, y, x)
    if "size" in fields:
        x, y, z = (int(one) for one in fields["size"].split()[:3])
        said["shape"] = (z, y, x)
    kind = fields.get("datatype", "").lower()
    bits = int(fields.get("bitsperelement", 32 if kind == "float" else 16))
    if kind:
        said["dtype"] = np.dtype(f"<{'f' if kind == 'float' else 'i' if kind.startswith('signed') else 'u'}{bits // 8}")
    if "headersize" in fields:
        said["offset"] = int(fields["headersize"])
    return said


def _phoenix(fields: Mapping[str, str], text: str) -> dict:
    sizes = [fields.get("voxelsizerec", fields.get(f"voxelsize{axis}")) for axis in "zyx"]
    sizes = [fields.get("voxelsizex") if one is None else one for one in sizes]
    shape = _xyz(fields, ("volume_sizex", "volume_sizey", "volume_sizez"))
    return {} if None in sizes else {"voxel_size_um": _positive(*(1e3 * float(one) for one in sizes)), "shape": shape}


def _esrf(fields: Mapping[str, str], text: str) -> dict:
    if "voxelsize" not in fields:
        return {}
    order = ">" if fields.get("byteorder", "").upper().startswith("HIGH") else "<"
    shape = _xyz(fields, ("num_x", "num_y", "num_z"))
    return {"voxel_size_um": _positive(float(fields["voxelsize"])), "shape": shape, "dtype": np.dtype(f"{order}f4")}


def _in_words(fields: Mapping[str, str], text: str) -> dict:
    found = SIZE_IN_WORDS.search(text)
    if found is None:
        return {}
    unit, size = (found[1], found[2]) if found[1] else (found[4], found[3])
    return {"voxel_size_um": _positive(float(size) * MICROMETRES[known_unit(unit)])}


LOGS: dict[str, tuple[str, Callable[[Mapping[str, str], str], dict]]] = {
    ".log": ("SkyScan", _skyscan),
    ".xtekct": ("Nikon", _nikon),
    ".vgi": ("VGStudio, Nikon", _volume_graphics),
    ".pcr": ("phoenix", _phoenix),
    ".pca": ("phoenix", _phoenix),
    ".info": ("ESRF", _esrf),
    ".txt": ("text", _in_words),
}
"""Extension -> whose it is, and what reads it."""
