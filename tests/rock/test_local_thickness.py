"""The largest ball at each voxel: cylinders, PoreSpy, and any cutting into slabs."""

import numpy as np
import porespy
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter

from synfine_monai.rock import thickness_of_slab


def thickness(phase, slab=None, spacing=(1.0, 1.0, 1.0)):
    slab = slab or len(phase)
    parts = [
        thickness_of_slab(lambda a, b: phase[a:b], len(phase), z, min(z + slab, len(phase)), spacing)
        for z in range(0, len(phase), slab)
    ]
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def blobs():
    field = gaussian_filter(np.random.default_rng(0).standard_normal((60, 50, 40)), 2)
    return field > np.quantile(field, 0.7)


def test_every_voxel_has_its_largest_ball(blobs):
    small = blobs[:14, :14, :14]
    distance = distance_transform_edt(small)
    places = np.argwhere(small)
    truth = np.zeros(small.shape)
    for z, y, x in places:
        near = ((places - (z, y, x)) ** 2).sum(1) < distance[z, y, x] ** 2 - 1e-6
        at = tuple(places[near].T)
        truth[at] = np.maximum(truth[at], distance[z, y, x])
    np.testing.assert_allclose(thickness(small), truth, rtol=1e-5)


@pytest.mark.parametrize("slab", [1, 7, 31])
def test_slabs_change_nothing(blobs, slab):
    np.testing.assert_array_equal(thickness(blobs, slab), thickness(blobs))


def test_a_pore_wider_than_the_halo_is_seen_whole():
    z, y, x = np.mgrid[:130, :80, :80] - np.array([65, 40, 40]).reshape(3, 1, 1, 1)
    ball = z**2 + y**2 + x**2 < 36**2
    np.testing.assert_array_equal(thickness(ball, 20), thickness(ball))


def test_porespy_whose_radii_are_whole_numbers_comes_near_from_below(blobs):
    theirs = porespy.filters.local_thickness(blobs)
    ours = thickness(blobs)
    assert (ours[blobs] > theirs[blobs] - 1e-4).all()
    assert np.mean(np.floor(ours[blobs] + 1e-4) == theirs[blobs]) > 0.94


def test_flat_voxels_are_measured_in_their_unit():
    slit = np.zeros((30, 30, 30), bool)
    slit[:, 10:18] = True
    assert np.median(thickness(slit, None, (3.0, 2.0, 1.0))[slit]) == pytest.approx(8.0)


def test_no_phase_has_no_size():
    assert not thickness(np.zeros((4, 5, 6), bool)).any()
