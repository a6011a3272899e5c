import pytest
import torch

from synfine_monai.inferers import SliceWindowInferer
from synfine_monai.networks import RockUNet


@pytest.fixture(scope="module")
def network():
    """A RockUNet whose batch norm does something, as after training."""
    torch.manual_seed(0)
    network = RockUNet(num_classes=3, channels=(8, 12, 16)).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.bias.data.normal_()
    return network


@torch.inference_mode()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (100, 130), (257, 99), (16, 301)])
def test_windows_give_what_the_whole_slice_gives(network, height, width):
    slab = torch.randn(1, 1, 2, height, width, generator=torch.Generator().manual_seed(1))
    whole = network(slab[0].transpose(0, 1)).transpose(0, 1)[None]
    logits = SliceWindowInferer(window=96, margin=24)(slab, network)
    assert logits.shape == (1, 3, 2, height, width)
    torch.testing.assert_close(logits, whole, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_the_margin_covers_all_that_the_network_sees(network):
    image = torch.randn(1, 1, 96, 96)
    for row in range(46, 50):  # all positions within a cell of the coarsest level
        changed = image.clone()
        changed[0, 0, row, 48] += 10
        touched = (network(changed) != network(image)).any(1)[0]
        rows = touched.any(1).nonzero()
        assert 16 < max(row - rows.min(), rows.max() - row) <= 24


def test_windows_are_few_and_even():
    seen = []

    def network(windows):
        seen.append(tuple(windows.shape))
        return windows

    SliceWindowInferer(window=576, pixels_per_pass=1 << 18)(torch.rand(1, 1, 1, 1024, 996), network)
    assert seen == [(1, 1, 536, 524)] * 4


def test_small_slices_go_whole_and_several_at_once():
    seen = []

    def network(windows):
        seen.append(tuple(windows.shape))
        return windows

    slab = torch.rand(1, 1, 7, 50, 61)
    logits = SliceWindowInferer(pixels_per_pass=3 * 52 * 64)(slab, network)
    assert seen == [(3, 1, 52, 64), (3, 1, 52, 64), (1, 1, 52, 64)]
    torch.testing.assert_close(logits, slab)


def test_several_scans_and_channels_keep_their_places():
    slab = torch.rand(2, 3, 4, 40, 70)
    logits = SliceWindowInferer(window=56, margin=8)(slab, torch.nn.Identity())
    torch.testing.assert_close(logits, slab)


@pytest.mark.parametrize(("likes", "given", "expected"), [(None, None, 4), (1152, None, 1), (1152, 576, 4)])
def test_windows_are_as_wide_as_the_network_likes_unless_told(likes, given, expected):
    class Network(torch.nn.Identity):
        def forward(self, windows):
            seen.extend(windows)
            return windows

    seen, network = [], Network()
    if likes is not None:
        network.window = likes
    SliceWindowInferer(given)(torch.rand(1, 1, 1, 1000, 1000), network)
    assert len(seen) == expected


@pytest.mark.parametrize("settings", [{"window": 92}, {"window": 101}, {"margin": 10}])
def test_refuses_windows_that_cannot_be_tiled(settings):
    with pytest.raises(ValueError, match="window"):
        SliceWindowInferer(**settings)


@torch.inference_mode()
@pytest.mark.parametrize("size", range(97, 200, 6))
def test_the_narrowest_windows_give_the_whole_slice_at_any_size(size):
    torch.manual_seed(0)
    network, slab = RockUNet(num_classes=2, channels=(2, 3, 4)).eval(), torch.randn(1, 1, 1, size, 20)
    seen = SliceWindowInferer(window=96, margin=24)(slab, network)
    assert torch.allclose(seen[:, :, 0], network(slab[:, :, 0]), atol=1e-4)
