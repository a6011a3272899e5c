import numpy as np
import pytest
import torch
from skimage.measure import label, regionprops

from synfine_monai.transforms.generate import SHAPES, random_frames, scatter_bodies, tile_shapes


@pytest.mark.parametrize(("shape", "at_corner"), [("ellipsoid", 3**0.5), ("box", 1.0), ("octahedron", 2.25)])
def test_known_distances(shape, at_corner):
    points = torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    assert SHAPES[shape](points, 1).tolist() == pytest.approx([0.0, at_corner])


def test_frames_keep_the_volume_and_respect_the_stretch():
    frames = random_frames(np.random.RandomState(0), 500, (2.0, 4.0), stretch=1.8)
    radii = 1 / np.linalg.svd(frames, compute_uv=False)
    volume_radius = radii.prod(1) ** (1 / 3)
    assert 2 <= volume_radius.min() < volume_radius.max() <= 4
    assert 1.5 < (radii.max(1) / radii.min(1)).max() <= 1.8 + 1e-9


def test_no_shapes_are_fine():
    assert random_frames(np.random.RandomState(0), 0, (1, 2), 1.0).shape == (0, 3, 3)


@pytest.mark.parametrize("shape", ["ellipsoid", "box", "octahedron"])
@pytest.mark.parametrize("fraction", [0.03, 0.3])
def test_bodies_fill_the_share_asked_for(shape, fraction):
    random = np.random.RandomState(0)
    shares = [scatter_bodies(random, (16, 48, 48), (2, 4), fraction, shape, 1.4).float().mean() for _ in range(40)]
    assert np.mean(shares) == pytest.approx(fraction, abs=3.5 * float(np.std(shares)) / len(shares) ** 0.5)


def test_plane_sections_fill_the_same_share():
    random = np.random.RandomState(0)
    shares = [scatter_bodies(random, (1, 64, 64), (2, 5), 0.1).float().mean() for _ in range(200)]
    assert np.mean(shares) == pytest.approx(0.1, rel=0.1)


def test_lone_spheres_have_the_radius_asked_for():
    mask = scatter_bodies(np.random.RandomState(1), (64, 64, 64), (6, 6), 0.02)
    whole = [r for r in regionprops(label(mask.numpy())) if min(r.bbox[:3]) > 0 and max(r.bbox[3:]) < 64]
    volumes = [region.area for region in whole]
    assert volumes
    assert np.median(volumes) == pytest.approx(4 / 3 * np.pi * 6**3, rel=0.05)


def test_nothing_asked_for_nothing_made():
    assert not scatter_bodies(np.random.RandomState(0), (4, 32, 32), (2, 4), 0.0).any()


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
