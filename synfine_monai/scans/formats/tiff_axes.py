"""What the axes of a TIFF are: slices along z, or channels and time points, which are no slices."""

import re
from pathlib import Path

from tifffile import TiffFile, TiffPage, TiffPageSeries

from synfine_monai.errors import ScanError
from synfine_monai.scans.base import grey_dtype

AXES = {"T": "time points", "C": "channels", "Z": "slices"}

MOST_CHANNELS = 8
"""A longer axis of "channels" (or of time, alone) is what tifffile and ImageJ call slices if nobody names them."""
NAMED_CHANNEL = re.compile(r"<(?:\w+:)?Channel\b[^>]*\s(?:Name|Fluor|EmissionWavelength|Color)=")
BLENDED = ("composite", "color")
"""How ImageJ shows channels; slices are shown in grey."""


def grey_series(tif: TiffFile, path: Path) -> TiffPageSeries:
    """The one series of grey-level images in a TIFF.

    Raises:
        ScanError: if its images are no grey levels, or have more axes than z, y and x.
    """
    grey_dtype(path.name, tif.pages.first.dtype)
    series = [one for one in tif.series if not one.keyframe.is_reduced or one is tif.series[0]]
    if len(series) > 1:
        raise ScanError(
            f"{path.name} holds {len(series)} images of different shape or type "
            f"({page_says(series[0].keyframe)}, then {page_says(series[1].keyframe)}); save one scan a file."
        )
    _refuse_more_axes(series[0], path, _names_channels(tif))
    return series[0]


def _stacked(series: TiffPageSeries) -> list[tuple[str, int]]:
    """(axis, length) of what is stacked in a series."""
    axes = zip(series.get_axes(squeeze=False), series.get_shape(squeeze=False), strict=True)
    return [(axis, count) for axis, count in axes if axis not in "YXS" and count > 1]


def other_than_slices(series: TiffPageSeries) -> str | None:
    """What the pages are if they are no slices: "time points" or "channels"."""
    return next((AXES[axis] for axis, _ in _stacked(series) if axis in "TC"), None)


def _names_channels(tif: TiffFile) -> bool:
    blended = tif.is_imagej and (tif.imagej_metadata or {}).get("mode") in BLENDED
    return bool(blended or NAMED_CHANNEL.search(tif.ome_metadata or ""))


def _refuse_more_axes(series: TiffPageSeries, path: Path, named: bool) -> None:
    stacked = _stacked(series)
    channels = any(axis == "C" and (named or count <= MOST_CHANNELS) for axis, count in stacked)
    if len(stacked) > 1 or channels or series.keyframe.imagedepth > 1:
        told = ", ".join(f"{count} {AXES.get(axis, 'images')}" for axis, count in stacked)
        raise ScanError(
            f"{path.name} has more axes than z, y and x ({told}); save one scan a file, with its slices "
            "along z (Fiji: Image > Hyperstacks > Re-order)."
        )


def page_says(page: TiffPage) -> str:
    """Shape and type of a page, for a sentence."""
    return "×".join(str(n)[:12] for n in reversed(page.shape)) + f" {page.dtype}"  # a garbled size may be a long tuple
