import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.metrics import DISTANCES, bottleneck_features, distances, feature_distances
from synfine_monai.networks import RockUNet

REAL = torch.randn(40, 1, 64, 64, generator=torch.Generator().manual_seed(0))


def test_all_distances_in_the_order_of_tables():
    network = RockUNet(channels=(4, 8, 16)).eval()
    found = distances(REAL, REAL.half(), network)
    assert tuple(found) == tuple(DISTANCES)
    assert found["histogram"] < 1e-3
    assert found["spectrum"] < 1e-3
    assert found["correlation"] < 0.1


def test_without_a_network_its_features_are_left_out():
    assert tuple(distances(REAL, REAL + 1)) == ("histogram", "spectrum", "correlation")


@pytest.fixture(scope="module")
def network() -> RockUNet:
    torch.manual_seed(0)
    return RockUNet(channels=(4, 8, 16))


def noise(count: int, seed: int, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(count, 1, 32, 32, generator=torch.Generator().manual_seed(seed))


def test_features_are_the_bottleneck_averaged_over_space(network):
    network.train()
    images = noise(70, 0).half()
    features = bottleneck_features(network, images)
    assert features.shape == (70, 16)
    assert network.training
    network.eval()
    with torch.no_grad():
        deepest = network.down_2(network.down_1(network.down_0(images[-3:].float())))
    torch.testing.assert_close(features[-3:], deepest.mean((2, 3)).double())


def test_halves_of_one_set_are_close_and_another_contrast_is_far(network):
    near = feature_distances(noise(100, 0), noise(100, 1), network)
    far = feature_distances(noise(100, 0), noise(60, 1, scale=3.0), network)
    assert list(near) == ["mmd", "fid"]
    assert abs(near["mmd"]) < 0.03 < 0.3 < far["mmd"] < 2
    assert far["fid"] > 20 * near["fid"]


def test_nothing_differs_from_itself(network):
    images = noise(50, 2)
    same = feature_distances(images, images, network)
    assert same["fid"] == pytest.approx(0, abs=1e-4)
    assert abs(same["mmd"]) < 0.05


def test_the_spread_counts_where_means_agree(network):
    """A linear kernel, MONAI's own, would see no difference here."""
    middle = noise(1, 3).expand(80, -1, -1, -1)
    narrow, wide = middle + noise(80, 4, 0.1), middle + noise(80, 5, 0.1) * torch.linspace(0.1, 3, 80).view(-1, 1, 1, 1)
    assert feature_distances(narrow, wide, network)["mmd"] > 0.05


def test_one_image_is_no_set(network):
    with pytest.raises(ScanError, match="got 1 and 4"):
        feature_distances(noise(1, 0), noise(4, 0), network)
