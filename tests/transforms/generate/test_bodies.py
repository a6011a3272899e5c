import numpy as np
import pytest
from skimage.measure import label, regionprops

from synfine_monai.transforms.generate import scatter_bodies


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
