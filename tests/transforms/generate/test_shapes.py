import numpy as np
import pytest
import torch

from synfine_monai.transforms.generate import SHAPES, random_frames


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
