import json

import pytest
import torch
from wide_awake import wide_awake

from synfine_monai.data import synthetic_task
from synfine_monai.errors import ScanError
from synfine_monai.networks import (
    RockDenoiser,
    RockUNet,
    check_level,
    denoiser_around,
    describe_model,
    find_denoiser,
    load_network,
    load_rock_denoiser,
    require_pairs,
    save_denoiser,
    start_at_level,
)
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser, DiffusionSegmenter

SEGMENTERS = {RockDenoiser: RockUNet, DiffusionDenoiser: DiffusionSegmenter}
IMAGE = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=[RockDenoiser, DiffusionDenoiser])
def network(request):
    torch.manual_seed(0)
    return wide_awake(request.param(5, channels=(8, 16, 24))).eval()


@pytest.fixture
def folder(network, tmp_path):
    save_denoiser(network, describe_model(synthetic_task(), network, "zscore"), tmp_path, level=20)
    return tmp_path


def test_both_networks_come_back(network, folder):
    again, segmenter = load_rock_denoiser(folder / "denoiser.pt"), load_network(folder / "model.pt")
    assert type(again) is type(network)
    assert type(segmenter) is SEGMENTERS[type(network)]
    with torch.no_grad():
        told = network(IMAGE, torch.tensor([20, 20]))
        assert torch.equal(again(IMAGE, torch.tensor([20, 20])), told)
        assert torch.allclose(segmenter(IMAGE), told[:, 1:], atol=1e-5)


def test_model_json_is_the_segmenters(network, folder):
    denoiser, model = (json.loads((folder / f"{name}.json").read_text()) for name in ("denoiser", "model"))
    assert denoiser["architecture"]["_target_"].endswith(type(network).__name__)
    assert model["architecture"]["_target_"].endswith(SEGMENTERS[type(network)].__name__)
    assert model["noise_level"] == 20
    assert model["phases"] == denoiser["phases"]


def test_fine_tuning_may_start_at_another_level(network, folder, tmp_path):
    assert start_at_level(str(folder), None, tmp_path, tmp_path / "start") == str(folder / "model.pt")
    assert start_at_level("none", None, tmp_path, tmp_path / "start") == "none"
    other = load_network(start_at_level(str(folder), 300, tmp_path, tmp_path / "start"))
    with torch.no_grad():
        assert torch.allclose(other(IMAGE), network(IMAGE, torch.tensor([300, 300]))[:, 1:], atol=1e-5)


def test_the_denoiser_is_found_beside_its_segmenter(folder, tmp_path):
    expected = folder / "denoiser.pt"
    assert [find_denoiser(str(given), tmp_path) for given in (folder, folder / "model.pt", expected)] == [expected] * 3
    expected.unlink()
    for given in (str(folder), "none"):
        with pytest.raises(ScanError, match=r"there is no denoiser\.pt beside"):
            find_denoiser(given, tmp_path)


def test_a_segmenter_is_no_denoiser(folder):
    with pytest.raises(ScanError, match=r"holds a (RockUNet|DiffusionSegmenter) and no denoiser"):
        load_rock_denoiser(folder / "model.pt")


@pytest.mark.parametrize(("weights", "missing"), [((0, 1), "images"), ((1, 0), "masks")])
def test_pairs_need_a_network_that_learned_both(weights, missing):
    learned = dict(zip(("image_weight", "mask_weight"), weights, strict=True))
    with pytest.raises(ScanError, match=f"never learned {missing}"):
        require_pairs({"settings": {"learned": learned}}, "denoiser.pt")
    require_pairs({"settings": {"learned": {"image_weight": 1.0, "mask_weight": 0.1}}}, "denoiser.pt")


def test_levels():
    assert [check_level(level) for level in (None, 0, 999)] == [0, 0, 999]


@pytest.mark.parametrize("level", [-1, 1000, 0.5, "low", True])
def test_what_is_no_level_is_refused(level):
    with pytest.raises(ScanError, match="--level takes a noise level from 0"):
        check_level(level)


def test_a_denoiser_around_a_segmenter_shares_its_blocks_and_keeps_what_is_its_own(tmp_path):
    torch.manual_seed(0)
    network = wide_awake(RockDenoiser(5, channels=(8, 16, 24))).eval()
    save_denoiser(network, describe_model(synthetic_task(), network, "zscore"), tmp_path)
    segmenter = RockUNet(1, 2, channels=(8, 16, 24)).eval()
    for name, part in segmenter.named_children():
        if name != "head":
            part.load_state_dict(getattr(network, name).state_dict())
    around, levels = denoiser_around(segmenter, tmp_path / "denoiser.pt"), torch.tensor([0, 700])
    torch.testing.assert_close(around(IMAGE, levels)[:, :1], network(IMAGE, levels)[:, :1])
    torch.testing.assert_close(around(IMAGE, levels * 0)[:, 1:], segmenter(IMAGE))
    around(IMAGE, levels)[:, :1].square().mean().backward()
    assert segmenter.down_0.conv_0.conv.weight.grad.abs().sum() > 0
    assert around.image_head.weight.grad is None


def test_a_denoiser_of_other_blocks_cannot_stand_around_a_segmenter(folder):
    with pytest.raises(ScanError, match="other blocks"):
        denoiser_around(RockUNet(1, 2), folder / "denoiser.pt")
