"""Slices without rock are found one by one, and rock that looks odd is not taken for them."""

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

from synfine_monai.scans import open_scan
from synfine_monai.survey import find_scan_field_of_view, measure_scan_intensity

DEPTH, SIDE = 90, 64
PORE, MATRIX, NOISE = 14_000.0, 30_000.0, 2_000.0
NOISE_OF = np.random.default_rng(3).standard_normal((DEPTH, SIDE, SIDE))
EMPTY = [*range(8), 41, 42, *range(85, DEPTH)]
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
CYLINDER = np.hypot(ROWS, COLUMNS) < 0.4 * SIDE


def rock(porosity=0.2, noise=NOISE):
    texture = gaussian_filter(np.random.default_rng(1).standard_normal((DEPTH, SIDE, SIDE)), 2)
    return np.where(texture < np.quantile(texture, porosity), PORE, MATRIX) + noise * NOISE_OF


def found_empty(folder, volume, dtype=np.uint16, slab=7):
    """Slices without rock, by slabs, and the statistics of the rest."""
    limits = np.iinfo(dtype) if np.dtype(dtype).kind == "u" else None
    grey = volume.astype(dtype) if limits is None else np.clip(volume, limits.min, limits.max).astype(dtype)
    tifffile.imwrite(folder / "core.tif", grey, photometric="minisblack")
    with open_scan(folder / "core.tif") as scan:
        fov = find_scan_field_of_view(scan)
        masks = [fov.inside(scan.read(z, min(z + slab, DEPTH)), z) for z in range(0, DEPTH, slab)]
        statistics = measure_scan_intensity(scan, fov)
    return np.flatnonzero(~np.concatenate(masks).any((1, 2))).tolist(), statistics


FILLS = {
    "black": 0.0,
    "nearly black": np.abs(NOISE_OF) * 3,
    "saturated": 65_535.0,
    "constant": 25_000.0,
    "as dark as pores": PORE + NOISE * NOISE_OF,
    "air": 11_000 + NOISE * NOISE_OF,
    "steel": 120_000 + NOISE * NOISE_OF,
}


@pytest.mark.parametrize("kind", FILLS)
@pytest.mark.parametrize("around", ["rock to the edge", "noisy air"])
def test_slices_without_rock_are_found_to_the_slice(tmp_path, kind, around):
    volume = rock()
    if around == "noisy air":
        volume = np.where(CYLINDER, volume, 12_000 + NOISE * NOISE_OF)
    whole = found_empty(tmp_path, volume)
    assert whole[0] == []
    volume[EMPTY] = np.broadcast_to(FILLS[kind], volume.shape)[EMPTY]
    dtype = np.float32 if kind == "steel" else np.uint16
    empty, statistics = found_empty(tmp_path, volume, dtype)
    assert empty == EMPTY
    assert statistics.center == pytest.approx(whole[1].center, rel=0.02)
    assert statistics.scale == pytest.approx(whole[1].scale, rel=0.05)


def test_a_short_core_in_a_tall_scan(tmp_path):
    volume = np.where(CYLINDER, rock(), 12_000 + NOISE * NOISE_OF)
    outside = [*range(30), *range(50, DEPTH)]
    volume[outside] = (12_000 + NOISE * NOISE_OF)[outside]
    assert found_empty(tmp_path, volume)[0] == outside


def test_the_decision_is_that_of_the_slice_alone(tmp_path):
    volume = rock()
    volume[EMPTY] = 0
    assert found_empty(tmp_path, volume, slab=1)[0] == found_empty(tmp_path, volume, slab=DEPTH)[0] == EMPTY


@pytest.mark.parametrize(
    "odd",
    ["tight", "drift", "tight with drift", "two beds", "one clay lamina", "vug", "clipped", "bright bed", "metal"],
)
def test_rock_that_looks_odd_is_rock(tmp_path, odd):
    volume = rock(0.0 if "tight" in odd else 0.2)
    height = np.arange(DEPTH)[:, None, None] / DEPTH
    if "drift" in odd:
        volume *= 1 - 0.25 * height
    elif odd == "two beds":
        volume[45:] = (0.75 * rock(0.05))[45:]
    elif odd == "one clay lamina":
        volume[41] -= 6_000
    elif odd == "vug":
        volume[40:44, 4:58, 4:62] = PORE
    elif odd == "clipped":
        volume = (volume - PORE + 3_000) / 80
    elif odd == "bright bed":
        volume[41] = 46_000 + NOISE * NOISE_OF[41]
    elif odd == "metal":
        volume[:, 20:26, 20:26] = 60_000
    assert found_empty(tmp_path, volume, np.uint8 if odd == "clipped" else np.uint16)[0] == []


def test_bright_metal_in_air_moves_nothing(tmp_path):
    volume = np.where(CYLINDER, rock(), 12_000 + NOISE * NOISE_OF)
    volume[EMPTY] = 0
    volume[20:23, 30:34, 30:34] = 4e6
    assert found_empty(tmp_path, volume, np.float32)[0] == EMPTY
