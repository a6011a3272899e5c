"""Distances to the wall are those of SciPy, whatever the voxels' shape."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter

from synfine_monai.rock import distance_to_wall


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 2.0, 1.5)])
@pytest.mark.parametrize("share", [0.3, 0.98])
def test_as_scipy(spacing, share):
    field = gaussian_filter(np.random.default_rng(0).standard_normal((30, 41, 52)), 2)
    phase = field < np.quantile(field, share)
    np.testing.assert_allclose(distance_to_wall(phase, spacing), distance_transform_edt(phase, spacing), rtol=1e-6)


def test_a_phase_without_a_wall_is_infinitely_far_from_it():
    assert np.isinf(distance_to_wall(np.ones((2, 3, 4), bool), (1.0, 1.0, 1.0))).all()


def test_no_phase_is_at_the_wall():
    assert not distance_to_wall(np.zeros((2, 3, 4), bool), (1.0, 1.0, 1.0)).any()
