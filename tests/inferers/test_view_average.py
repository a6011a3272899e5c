import pytest
import torch
from ignite.engine import Events
from monai.data import DataLoader
from monai.engines import SupervisedEvaluator
from monai.engines.utils import PrepareBatchExtraInput
from torch import nn

from synfine_monai.errors import ScanError
from synfine_monai.inferers import (
    EnsembleInferer,
    FlipAverageInferer,
    MixedPrecisionInferer,
    SliceWindowInferer,
    ViewAverageInferer,
    refuse_views_of_flat_voxels,
)
from synfine_monai.networks import RockUNet
from synfine_monai.scans import slab_with_halo
from synfine_monai.transforms import LabelsWithUncertaintyd

DIMENSION = {"z": 2, "y": 3, "x": 4}
WINDOWS = SliceWindowInferer(window=96, margin=24)


def volume_of(depth, height=17, width=22):
    return torch.randn(1, 1, depth, height, width, generator=torch.Generator().manual_seed(1))


def network_of(seed):
    """A RockUNet whose batch norm does something, and whose classes all win somewhere."""
    torch.manual_seed(seed)
    network = RockUNet(num_classes=3, channels=(4, 6, 8)).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.05, 0.2)
    with torch.inference_mode():
        network.head.bias.data -= network(torch.randn(1, 1, 64, 64)).mean((0, 2, 3))
    return network


@pytest.fixture(scope="module")
def network():
    return network_of(0)


def slabs(volume, slices, halo):
    depth = volume.shape[2]
    for start in range(0, depth, slices):
        stop = min(start + slices, depth)
        first, last = slab_with_halo(start, stop, depth, halo)
        yield volume[:, :, first:last], (start - first, last - stop)


def in_slabs(inferer, volume, network, slices):
    parts = [inferer(slab, network, halo=halo) for slab, halo in slabs(volume, slices, inferer.halo)]
    return torch.cat(parts, dim=2)


@torch.inference_mode()
@pytest.mark.parametrize(("depth", "slices"), [(110, 8), (45, 7), (29, 9), (13, 4), (2, 1)])
def test_slabs_of_any_size_give_what_the_whole_scan_gives(network, depth, slices):
    volume = volume_of(depth)
    inferer = ViewAverageInferer(WINDOWS, "zyx")
    whole = inferer(volume, network)
    assert whole.shape == (1, 3, depth, 17, 22)
    torch.testing.assert_close(in_slabs(inferer, volume, network, slices), whole, rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_flips_and_an_ensemble_in_slabs_as_well():
    volume, networks = volume_of(61, 16, 16), nn.ModuleList([network_of(0), network_of(1)])
    inferer = ViewAverageInferer(EnsembleInferer(FlipAverageInferer(WINDOWS, 8)), "zy", disagreement=True)
    whole = inferer(volume, networks)
    parts = in_slabs(inferer, volume, networks, 31)
    torch.testing.assert_close(parts[:, :3], whole[:, :3], rtol=1e-4, atol=1e-4)
    votes = 32 * whole[:, 3]
    torch.testing.assert_close(votes, votes.round(), rtol=0, atol=1e-4)
    assert ((parts[:, 3] - whole[:, 3]).abs() > 1e-4).float().mean() < 1e-3  # votes near a tie


@torch.inference_mode()
def test_the_halo_is_needed_to_its_last_slices(network):
    """Less than the network's reach, or cells that are not those of the scan, would show."""
    volume, inferer = volume_of(76), ViewAverageInferer(WINDOWS, "y")
    whole = inferer(volume, network)[:, :, 36:40]
    for first, last, same in [(12, 64, True), (20, 56, False), (11, 64, False)]:
        part = inferer(volume[:, :, first:last], network, halo=(36 - first, last - 40))
        assert torch.allclose(part, whole, rtol=1e-4, atol=1e-4) == same


@torch.inference_mode()
@pytest.mark.parametrize("views", ["z", "y", "x", "zyx", "xy"])
def test_probabilities_are_the_mean_over_the_views(network, views):
    volume = volume_of(21)
    expected = torch.zeros(1, 3, *volume.shape[2:])
    for view in views:
        one = WINDOWS(volume.movedim(DIMENSION[view], 2), network).movedim(2, DIMENSION[view])
        expected += one.softmax(1) / len(views)
    made = ViewAverageInferer(WINDOWS, views)(volume, network)
    torch.testing.assert_close(made.softmax(1), expected, rtol=1e-4, atol=1e-5)
    sure = expected.topk(2, dim=1).values.diff(dim=1).abs()[:, 0] > 1e-4
    assert torch.equal(made.argmax(1)[sure], expected.argmax(1)[sure])


@torch.inference_mode()
def test_blocks_of_slices_make_no_difference(network):
    volume = volume_of(20)
    whole, blocks = (
        ViewAverageInferer(WINDOWS, "zyx", block_voxels=n)(volume, network) for n in (1 << 20, 3 * 17 * 20)
    )
    torch.testing.assert_close(whole, blocks, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_a_scan_along_z_alone_is_left_to_the_inferer_inside(network):
    volume, inferer = volume_of(3), ViewAverageInferer(WINDOWS, "z")
    assert torch.equal(inferer(volume, network), WINDOWS(volume, network))
    assert inferer.halo == 0
    blocks = ViewAverageInferer(WINDOWS, "z", block_voxels=1)(volume, network)
    torch.testing.assert_close(blocks, WINDOWS(volume, network), rtol=1e-4, atol=1e-5)


def test_logits_of_blocks_are_all_that_is_held():
    seen = []

    def network(windows):
        seen.append(windows.numel())
        return torch.cat([windows, -windows], 1)

    inferer = ViewAverageInferer(SliceWindowInferer(pixels_per_pass=1 << 16), "zyx", block_voxels=2_000)
    inferer(torch.rand(1, 1, 20, 40, 24), network)
    assert max(seen) <= 2_000


@pytest.mark.parametrize("views", ["", "zz", "xyw", "all"])
def test_other_views_are_refused(views):
    with pytest.raises(ScanError, match="--views takes"):
        ViewAverageInferer(WINDOWS, views)


@pytest.mark.parametrize("halo", [(4, 6), (-1, 2), torch.tensor([[1, 0], [0, 1]])])
def test_a_halo_that_cannot_be_is_refused(network, halo):
    with pytest.raises(ValueError, match="halo"):
        ViewAverageInferer(WINDOWS)(volume_of(10), network, halo=halo)


@pytest.mark.parametrize(
    ("size", "refused"),
    [((5.0, 5.0, 5.0), False), ((5.05, 5.0, 5.0), False), ((5.06, 5.0, 5.0), True), ((5.0, 5.0, 5.2), True),
     ((2.0, 5.0, 5.0), True), (None, False)],
)  # fmt: skip
def test_flat_voxels_are_refused_across_slices_only(size, refused):
    refuse_views_of_flat_voxels("z", "core.tif", size)
    if not refused:
        refuse_views_of_flat_voxels("zyx", "core.tif", size)
        return
    with pytest.raises(ScanError, match=r"core\.tif has voxels of .* µm .*--views z"):
        refuse_views_of_flat_voxels("zyx", "core.tif", size)


def test_the_evaluator_hands_the_halo_on(network):
    """As the inference verb would: MONAI's own way of giving an inferer more than the image."""
    volume = volume_of(60)
    items = [
        {"image": slab[0], "halo": torch.tensor(halo), "fov": torch.ones(1, slab.shape[2] - sum(halo), 17, 22) > 0}
        for slab, halo in slabs(volume, 25, 24)
    ]
    inferer = ViewAverageInferer(MixedPrecisionInferer(WINDOWS, "float32"), disagreement=True)
    collected = []
    evaluator = SupervisedEvaluator(
        torch.device("cpu"), DataLoader(items, batch_size=1), network, inferer=inferer,
        prepare_batch=PrepareBatchExtraInput({"halo": "halo"}),
        postprocessing=LabelsWithUncertaintyd(3, "disagreement", probabilities=True),
    )  # fmt: skip
    evaluator.add_event_handler(Events.ITERATION_COMPLETED, lambda engine: collected.extend(engine.state.output))
    evaluator.run()
    labels = torch.cat([one["labels"] for one in collected])
    with torch.inference_mode():
        whole = inferer(volume, network)[0]
    assert (labels != whole[:3].argmax(0)).float().mean() < 1e-3
    uncertainty = torch.cat([one["uncertainty"] for one in collected])
    assert {0, 85} <= set(uncertainty.unique().tolist()) <= {0, 85, 170, 255}  # thirds: there are three views
    assert torch.cat([one["probabilities"] for one in collected], 1).shape == (3, *volume.shape[2:])
