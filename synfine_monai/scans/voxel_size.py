"""Voxel sizes in micrometres, whatever unit and tag a file keeps them in."""

import math
from collections.abc import Sequence

import numpy as np

from synfine_monai.errors import ScanError

MICROMETRES = {"nm": 1e-3, "um": 1.0, "mm": 1e3, "cm": 1e4, "inch": 25.4e3, "m": 1e6}
"""Micrometres in one of each unit."""

PRINT_RESOLUTIONS = (60, 72, 75, 90, 92, 96, 100, 120, 133, 144, 150, 180, 192, 200, 220, 240, 250, 288, 300, 350, 360,
                     400, 480, 500, 600, 720, 800, 1000, 1200, 1440, 2000, 2400, 2880, 3600, 4800, 9600)  # fmt: skip
"""Dots per inch that programs write when nobody said anything."""
MOST_DOTS = 10_000

_SPELLINGS = {
    "nm": ("nanometer", "nanometre", "nanometers", "nanometres"),
    "um": ("micron", "microns", "micrometer", "micrometre", "micrometers", "micrometres", "µm", "µ"),
    "mm": ("millimeter", "millimetre", "millimeters", "millimetres"),
    "cm": ("centimeter", "centimetre", "centimeters", "centimetres"),
    "inch": ("in", "inches", '"'),
    "m": ("meter", "metre", "meters", "metres"),
}
_UNIT_OF = {word: unit for unit, words in _SPELLINGS.items() for word in (unit, *words)}


def known_unit(text: object) -> str | None:
    r"""The unit that ``text`` spells ("µm", "\\u00B5m", "Micron", "inches" …), a key of MICROMETRES, or None."""
    word = str(text).strip().lower().replace("\\u00b5", "µ").replace("\\u03bc", "µ").replace("μ", "µ")
    word = word.replace("â", "")  # UTF-8 read as Latin-1
    return _UNIT_OF.get(word)


def is_of_a_printer(size: float, unit: str) -> bool:
    """Whether a pixel's ``size`` in ``unit`` is a printer's or a screen's resolution, and says nothing of a scan.

    These are the dots per inch that programs write when nobody said anything, also rounded to dots per centimetre, and
    whole dots per inch of a size that is not round in micrometres: 300 dpi is 84.667 µm, but 5080 dpi is 5 µm.
    """
    if unit not in ("inch", "cm", "m") or size <= 0:
        return False
    micrometres = size * MICROMETRES[unit]
    dots = MICROMETRES["inch"] / micrometres
    common = min(PRINT_RESOLUTIONS, key=lambda one: abs(one - dots))
    if abs(dots - common) < max(0.02, 2e-4 * common) or (unit != "inch" and round(common / 2.54) * 2.54 == dots):
        return True
    whole = unit == "inch" and abs(dots - round(dots)) < 1e-6 * dots and dots < MOST_DOTS
    return whole and not math.isclose(float(f"{micrometres:.3g}"), micrometres, rel_tol=1e-9)


def shortest_size(pixels: int, units: int) -> float:
    """Size of a pixel from a TIFF resolution of ``pixels`` per ``units``: 166667 per 1000000 is 6.0.

    ImageJ rounds a resolution to six decimals, which moves 6 µm to 5.999988. Where the rational is such a rounded
    one, the shortest decimal number that it can stand for is returned, otherwise the plain quotient.
    """
    if units == 1_000_000 and pixels >= 10_000:
        for digits in range(1, 9):
            size = float(f"{units / pixels:.{digits}g}")
            if abs(units / size - pixels) <= 0.5:
                return size
    return units / pixels


def sizes_of_affine(affine: np.ndarray) -> tuple[float, float, float]:
    """Lengths (z, y, x) of the steps of a (4, 4) affine whose columns are x, y, z."""
    z, y, x = (float(np.linalg.norm(affine[:3, axis])) for axis in (2, 1, 0))
    return z, y, x


def unit_that_fits(steps: Sequence[float], voxel_size_um: Sequence[float]) -> str | None:
    """The unit in which ``steps`` of a file that states none agree with the voxel size that the user states."""
    for unit, factor in MICROMETRES.items():
        pairs = zip(steps, voxel_size_um, strict=True)
        if all(math.isclose(step * factor, size, rel_tol=1e-6) for step, size in pairs):
            return unit
    return None


def checked_voxel_size(voxel_size_um: float | Sequence[float] | None) -> tuple[float, float, float] | None:
    """The option --voxel_size_um as (z, y, x): one number for cubes, three otherwise, None if it is not given.

    Raises:
        ScanError: if it is not one or three positive numbers.
    """
    if voxel_size_um is None:
        return None
    try:
        sizes = np.atleast_1d(np.asarray(voxel_size_um, dtype=float))
    except (TypeError, ValueError):
        sizes = np.empty(0)
    if sizes.shape not in ((1,), (3,)) or not np.isfinite(sizes).all() or (sizes <= 0).any():
        raise ScanError(f"--voxel_size_um must be one or three (z, y, x) positive numbers, got {voxel_size_um!r}.")
    z, y, x = (float(size) for size in np.broadcast_to(sizes, 3))
    return z, y, x
