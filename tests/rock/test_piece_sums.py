"""Counts of small cubes add up to what is counted of the whole, and do not depend on the slabs."""

from itertools import product

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from synfine_monai.rock import PairCounter, PieceCounter

SIZE = (3.0, 2.0, 1.0)


@pytest.fixture(scope="module")
def blobs():
    field = gaussian_filter(np.random.default_rng(0).standard_normal((40, 32, 48)), 1.5)
    return field > 0.05, np.ones(field.shape, bool)


def pieces(phase, core, slab=None, radius=None):
    counter = PieceCounter(SIZE)
    slab = slab or len(phase)
    for z in range(0, len(phase), slab):
        counter.add(phase[z : z + slab], core[z : z + slab])
        if radius is not None:
            counter.add_sizes(radius[z : z + slab])
    return counter.finish()


def test_sums_are_those_of_the_whole(blobs):
    phase, core = blobs
    pairs = PairCounter(4)
    pairs.add(phase, core)
    found = {name: one[0].sum() / one[1].sum() for name, one in pieces(phase, core).items()}
    counted = pairs.finish()
    assert found["share"] == pytest.approx(phase.mean(), rel=1e-12)
    assert found["correlation_at_lag_4"] == pytest.approx(counted.both[:, 4].sum() / counted.pairs[:, 4].sum())
    assert found["specific_surface"] == pytest.approx(counted.specific_surface(SIZE)[0], rel=2e-3)
    assert found["mean_chord"] == pytest.approx(4 * phase.mean() / counted.specific_surface(SIZE)[0], rel=0.05)
    signs = 0
    for cell in product((0, 1), repeat=3):  # voxels, pairs, squares and cubes from each voxel that begins a whole cube
        filled = phase[:-1, :-1, :-1].copy()
        for step in product(*[range(n + 1) for n in cell]):
            filled &= phase[tuple(slice(n, size - 1 + n) for n, size in zip(step, phase.shape, strict=True))]
        signs += (-1) ** sum(cell) * filled.sum()
    assert found["euler_density"] == pytest.approx(signs / (39 * 31 * 47) / 6, rel=1e-12)


@pytest.mark.parametrize("slab", [1, 3, 11])
def test_slabs_change_nothing(blobs, slab):
    phase, core = blobs
    core = core.copy()
    core[:5, :9], core[:, :, 40:] = False, False
    radius = np.where(phase & core, np.float32(2.3), 0) * np.float32(1.1)
    whole, cut = pieces(phase, core, None, radius), pieces(phase, core, slab, radius)
    assert list(whole) == list(cut)
    for name in whole:
        np.testing.assert_array_equal(whole[name], cut[name])


def test_what_lies_at_the_end_of_the_core_does_not_make_handles(blobs):
    """Pairs that the core's end cuts off are missing, so that only cubes of voxels within it count."""
    phase, core = np.ones((16, 16, 16), bool), np.ones((16, 16, 16), bool)
    numerator, places, _ = pieces(phase, core)["euler_density"]
    assert (numerator == 0).all()
    assert places.sum() == 15**3 * 6


def test_too_thin_for_a_cube():
    assert pieces(np.ones((4, 20, 20), bool), np.ones((4, 20, 20), bool)) == {}


def test_mean_diameters_are_those_of_the_radii(blobs):
    phase, core = blobs
    found = pieces(phase, core, 7, np.where(phase, np.float32(2.5), 0))["mean_diameter"]
    assert found[0].sum() / found[1].sum() == pytest.approx(5.0, rel=1e-3)
