"""Pictures of a bundle: PNG from the first byte to the last, of bounded size, with nothing behind it."""

import struct
import warnings
from io import BytesIO

from PIL import Image

from synfine_monai.sharing.checks.received import Received

__all__ = ["check_figures", "judge_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 50_000_000
CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"bKGD", b"sBIT", b"tEXt"}


def check_figures(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about ``figures/*.png``."""
    names = [name for name in bundle.having(".png")]
    findings = [f"{name}: {text}" for name in names if (text := judge_png(bundle.read(name)))]
    return findings, [f"{len(names)} figure(s)"] if names and not findings else []


def judge_png(content: bytes) -> str | None:
    """Why bytes are not the PNG that a bundle may hold, or None; sizes are read before any pixel is."""
    if not content.startswith(SIGNATURE):
        return "is no PNG, whatever its name says"
    place, kinds = len(SIGNATURE), []
    while place + 12 <= len(content) and b"IEND" not in kinds:
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        if kind not in CHUNKS:
            return f"holds a part {kind!r} that no figure needs"
        if kind == b"IHDR":
            width, height = struct.unpack(">II", content[place + 8 : place + 16])
            if not 0 < width * height <= MOST_PIXELS:
                return f"claims {width}x{height} pixels, more than {MOST_PIXELS:,} (a bomb)"
        kinds.append(kind)
        place += 12 + length
    if kinds[:1] != [b"IHDR"] or kinds[-1] != b"IEND" or kinds.count(b"IHDR") != 1:
        return "is cut short"
    if place != len(content):
        return "has something behind its end"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(content), formats=["PNG"]) as image:
                image.verify()
            with Image.open(BytesIO(content), formats=["PNG"]) as image:
                image.load()
    except Exception as error:  # Pillow has many errors for damaged files
        return f"is damaged ({str(error)[:80]})"
    return None
