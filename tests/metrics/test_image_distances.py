import torch

from synfine_monai.metrics import DISTANCES, distances
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
