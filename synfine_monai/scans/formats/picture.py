"""PNG, BMP and JPEG images as scans of one slice: reconstructed slices, and labels as annotation programs save them."""

from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import OpenOptions, Scan, ScanInfo
from synfine_monai.scans.formats.palette import Palette

DTYPES = {"1": np.uint8, "L": np.uint8, "P": np.uint8, "I": np.uint16, "I;16": np.uint16}
"""Pillow's mode -> type; a PNG has 16 bits at most, whatever Pillow holds them in."""
KINDS = {".png": "PNG", ".bmp": "BMP", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Extension -> Pillow's name of the format."""
NEARLY_GREY = {"BMP": 0, "JPEG": 4}
"""Kinds that programs save with three channels of the same grey levels -> how far these may differ."""
JPEG_NOTE = "JPEG has changed its grey levels, most at edges; take the slices before this compression if there are any."


class PictureScan(Scan):
    """An image of grey levels, or of indices into a palette, of which only grey levels are read through it.

    Three channels that hold the same grey levels, as BMP and JPEG have them, are one. A resolution is that of a screen,
    so that the voxel size is unknown. The palette of a PNG is kept in ``layout["palette"]``.

    Args:
        path: the file.
        kind: name of the format in ``FORMATS``.

    Raises:
        ScanError: for colours and transparency.
    """

    def __init__(self, path: Path, kind: str = "png") -> None:
        self._kind = KINDS[path.suffix.lower()]
        with self._opened_image(path) as image:
            mode = "L" if image.mode == "RGB" and self._kind in NEARLY_GREY else image.mode
            if mode not in DTYPES:
                raise _colours(path, mode)
            layout = self._layout(image)
            shape, dtype = (1, image.height, image.width), np.dtype(DTYPES[mode])
        notes = (JPEG_NOTE,) if self._kind == "JPEG" else ()
        super().__init__(ScanInfo(path, kind, shape, dtype, None, layout=layout, notes=notes))

    @classmethod
    def opened(cls, path: Path, options: OpenOptions) -> Self:
        return cls(path, options.kind)

    def _layout(self, image: Image.Image) -> dict[str, bytes]:
        """What the palette of a PNG says; that of a BMP is looked through."""
        self._greys: np.ndarray | None = None
        if image.mode != "P" or self._kind != "PNG":
            return {}
        stored = bytes(image.getpalette() or b"")
        palette = Palette(np.frombuffer(stored, np.uint8).reshape(-1, 3))
        if palette.is_grey:
            self._greys = palette.greys(np.dtype(np.uint8))
            return {}
        return {"palette": stored, **palette.layout()}

    def _opened_image(self, path: Path) -> Image.Image:
        return Image.open(path, formats=[self._kind])

    def _read(self, start: int, stop: int) -> np.ndarray:
        with self._opened_image(self.info.path) as image:
            if self._kind == "BMP" and image.mode == "P":
                image = image.convert("RGB")
            values = np.asarray(image)
        if values.ndim == 3:
            if np.ptp(values, axis=-1).max() > NEARLY_GREY[self._kind]:
                raise _colours(self.info.path, "RGB")
            values = np.rint(values.mean(-1))
        values = values if self._greys is None else self._greys[values]
        return values.astype(self.dtype)[None][start:stop]


def _colours(path: Path, mode: str) -> ScanError:
    return ScanError(
        f"{path.name} is a colour image or has transparency ({mode}); save it as grey levels, "
        "of labels one for each class."
    )
