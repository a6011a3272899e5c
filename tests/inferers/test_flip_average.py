import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.inferers import FlipAverageInferer, SliceWindowInferer
from synfine_monai.networks import RockUNet

SLAB = torch.randn(1, 1, 2, 24, 37, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return RockUNet(num_classes=3, channels=(4, 6, 8)).eval()


@torch.inference_mode()
@pytest.mark.parametrize("flips", [4, 8])
def test_the_average_turns_with_the_slice(network, flips):
    """Averaged over a group of symmetries, a network commutes with them; a network alone does not."""
    inferer = FlipAverageInferer(SliceWindowInferer(), flips)
    whole = inferer(SLAB, network)
    assert whole.shape == (1, 3, 2, 24, 37)
    torch.testing.assert_close(inferer(SLAB.flip(-1), network).flip(-1), whole, rtol=1e-4, atol=1e-4)
    turned = inferer(SLAB.transpose(-2, -1), network).transpose(-2, -1)
    assert torch.allclose(turned, whole, rtol=1e-4, atol=1e-4) == (flips == 8)
    alone = SliceWindowInferer()
    assert not torch.allclose(alone(SLAB.flip(-1), network).flip(-1), alone(SLAB, network), atol=1e-3)


@pytest.mark.parametrize("flips", [1, 4, 8])
def test_each_orientation_is_seen_once_and_turned_back(flips):
    seen = []

    def network(windows):
        seen.append(windows.clone())
        return windows

    image = torch.arange(16 * 20.0).reshape(1, 1, 1, 16, 20)
    members = list(FlipAverageInferer(SliceWindowInferer(), flips).members(image, network))
    assert len(members) == len(seen) == flips
    assert all(torch.equal(member, image) for member in members)
    assert len({tuple(one.flatten().tolist()) for one in seen}) == flips


@torch.inference_mode()
def test_one_orientation_changes_nothing(network):
    assert torch.equal(FlipAverageInferer(SliceWindowInferer(), 1)(SLAB, network), SliceWindowInferer()(SLAB, network))


@pytest.mark.parametrize("flips", [0, 2, 16, "all"])
def test_other_numbers_are_refused(flips):
    with pytest.raises(ScanError, match="--flips takes 1"):
        FlipAverageInferer(SliceWindowInferer(), flips)
