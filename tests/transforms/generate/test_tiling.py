import numpy as np
import pytest

from synfine_monai.transforms.generate import tile_shapes


@pytest.mark.parametrize("size", [(1, 50, 61), (20, 33, 40)])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_fields_have_the_size_asked_for(size, step):
    tiles = tile_shapes(np.random.RandomState(0), size, cell=13, step=step)
    assert tiles.best.shape == tiles.second.shape == tiles.tone.shape == size
    assert (tiles.best >= tiles.second).all()
    assert tiles.best.amax() <= 1


def test_regular_packing_of_spheres_is_known():
    # jitter 0 and radius half a cell: touching spheres on a cubic lattice fill pi/6 of space
    tiles = tile_shapes(np.random.RandomState(0), (48, 48, 48), 16, scale=(0.5, 0.5), stretch=1.0, jitter=0.0)
    assert (tiles.best > 0).float().mean() == pytest.approx(np.pi / 6, abs=0.02)
    assert tiles.best.amin() == pytest.approx(1 - 3**0.5, abs=0.15)


def test_plane_sections_show_the_same_share_as_volumes():
    flat = [(tile_shapes(np.random.RandomState(s), (1, 64, 64), 16).best > 0.3).float().mean() for s in range(40)]
    solid = [(tile_shapes(np.random.RandomState(s), (32, 64, 64), 16).best > 0.3).float().mean() for s in range(4)]
    assert np.mean(flat) == pytest.approx(np.mean(solid), abs=0.03)


def test_tone_is_one_value_for_each_shape():
    tiles = tile_shapes(np.random.RandomState(0), (1, 96, 96), 24)
    assert 10 < len(tiles.tone.unique()) < 60
    inside = (tiles.best - tiles.second)[0, :, 1:] > 0.2
    change = (tiles.tone[0, :, 1:] - tiles.tone[0, :, :-1]).abs()
    assert (change[inside] == 0).all()


def test_interpolated_points_stay_close_to_exact_ones():
    exact, coarse = (tile_shapes(np.random.RandomState(3), (1, 96, 96), 32, step=step).best for step in (1, 2))
    assert abs(exact.mean() - coarse.mean()) < 0.1
    assert (coarse[0, 1:] - coarse[0, :-1]).abs().amax() < 0.12
