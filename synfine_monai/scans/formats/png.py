"""PNG images as scans of one slice, as annotation programs save labels."""

from pathlib import Path

import numpy as np
from PIL import Image

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import Scan, ScanInfo

DTYPES = {"1": np.uint8, "L": np.uint8, "P": np.uint8, "I": np.uint16, "I;16": np.uint16}
"""Pillow's mode -> type; a PNG has 16 bits at most, whatever Pillow holds them in."""


class PngScan(Scan):
    """A PNG with one image of grey levels, or of indices into a palette, which are read as they are.

    Its resolution is that of a screen, so that its voxel size is unknown. A palette is kept in ``layout["palette"]``.

    Args:
        path: the file.

    Raises:
        ScanError: for colours and transparency.
    """

    def __init__(self, path: Path) -> None:
        with Image.open(path, formats=["PNG"]) as image:
            if image.mode not in DTYPES:
                raise ScanError(
                    f"{path.name} is a colour image or has transparency ({image.mode}); save it as grey levels, "
                    "of labels one for each class."
                )
            layout = {"palette": bytes(image.getpalette())} if image.mode == "P" else {}
            shape, dtype = (1, image.height, image.width), np.dtype(DTYPES[image.mode])
        super().__init__(ScanInfo(path, "png", shape, dtype, None, layout=layout))

    def _read(self, start: int, stop: int) -> np.ndarray:
        with Image.open(self.info.path, formats=["PNG"]) as image:
            return np.asarray(image).astype(self.dtype)[None][start:stop]
