"""Numbers of a phase carry their units."""

import numpy as np
import pytest

from synfine_monai.rock import PhaseCounter


def numbers(voxel_size_um):
    classes = np.zeros((30, 30, 30), np.uint8)
    classes[5:15, 5:15, 5:15] = 2
    counter = PhaseCounter((2,), voxel_size_um, reach=4)
    counter.add(classes, np.ones(classes.shape, bool))
    counter.add_sizes(np.where(classes == 2, np.float32(5.0), 0) * (voxel_size_um or (1,))[0])
    return counter.finish()


def test_lengths_are_in_um_where_the_voxel_size_is_known():
    told = numbers((2.0, 2.0, 2.0)).summary()
    assert told["share"] == pytest.approx(1 / 27)
    assert told["mean_chord_um"] == {"z": 20, "y": 20, "x": 20}
    assert told["specific_surface_per_um"] == pytest.approx(4 * 100 / (30 * 30 * 29) / 2, rel=1e-6)
    assert told["euler_density_per_um3"] == pytest.approx(numbers(None).summary()["euler_density_per_voxel3"] / 8)
    assert told["median_diameter_um"] == pytest.approx(20, abs=1)


def test_and_in_voxels_where_it_is_not():
    told = numbers(None).summary()
    assert told["mean_chord_voxels"]["z"] == 10
    assert not any("um" in name for name in told)


def test_curves_have_a_row_for_each_lag_and_size():
    curves = numbers((2.0, 2.0, 2.0)).curves()
    assert len(curves["lag_voxels"]) == len(curves["s2_z"]) == 5
    assert curves["chords_x"][10] == 100
    assert curves["size_voxels"].sum() == 1000
    assert curves["diameter_up_to_um"][-1] == 20


def test_a_phase_that_is_nowhere_is_zero_and_its_sizes_unknown():
    counter = PhaseCounter((7,), None)
    counter.add(np.zeros((4, 5, 6), np.uint8), np.ones((4, 5, 6), bool))
    told = counter.finish().summary()
    assert told["share"] == 0
    assert told["median_diameter_voxels"] is None
    assert told["mean_chord_voxels"] == {"z": None, "y": None, "x": None}
