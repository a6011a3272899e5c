"""Pictures of a bundle: PNG from the first byte to the last, of bounded size, with nothing behind it."""

import struct
import warnings
from io import BytesIO

from PIL import Image

from synfine_monai.sharing.checks.received import Received

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 25_000_000  # of all figures together
CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"bKGD", b"sBIT"}


def check_figures(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about ``figures/*.png``."""
    findings, left, names = [], MOST_PIXELS, bundle.having(".png")
    for name in names:
        pixels, text = judge_png(bundle.read(name), left)
        left -= pixels
        findings += [f"{name}: {text}"] if text else []
    return findings, [f"{len(names)} figure(s)"] if names and not findings else []


def judge_png(content: bytes, most: int = MOST_PIXELS) -> tuple[int, str | None]:
    """Pixels, and why bytes are not the PNG that a bundle may hold, or None; sizes are read before any pixel is."""
    if not content.startswith(SIGNATURE):
        return 0, "is no PNG, whatever its name says"
    place, kinds, pixels = len(SIGNATURE), [], 0
    while place + 12 <= len(content) and b"IEND" not in kinds:
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        if kind not in CHUNKS:
            return 0, f"holds a part {kind!r} that no figure needs"
        if kind == b"IHDR":
            width, height = struct.unpack(">II", content[place + 8 : place + 16])
            if not 0 < (pixels := width * height) <= most:
                return 0, f"claims {width}x{height} pixels, more than are left of {MOST_PIXELS:,} (a bomb)"
        kinds.append(kind)
        place += 12 + length
    if kinds[:1] != [b"IHDR"] or kinds[-1] != b"IEND" or kinds.count(b"IHDR") != 1:
        return 0, "is cut short"
    if place != len(content):
        return 0, "has something behind its end"
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(content), formats=["PNG"]) as image:
            warnings.simplefilter("error")
            image.load()
    except Exception as error:  # Pillow has many errors for damaged files
        return 0, f"is damaged ({str(error)[:80]})"
    return pixels, None
