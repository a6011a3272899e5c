from copy import deepcopy

import pytest
import torch
from monai.engines import SupervisedTrainer
from monai.networks.schedulers import DDIMScheduler

from synfine_monai.errors import ScanError
from synfine_monai.losses import HybridLoss, MaskedDiceCELoss
from synfine_monai.networks import RockDenoiser
from synfine_monai.training import HybridPrepareBatch, StyledPrepareBatch, choose_pretext, expected_image
from synfine_monai.training.denoiser_training import answer_for


def schedule(prediction="v_prediction"):
    return DDIMScheduler(schedule="cosine", prediction_type=prediction, clip_sample=False)


def batch(size=8):
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.randn(3, 1, size, size, generator=generator),
        "label": torch.randint(2, (3, 1, size, size), generator=generator).to(torch.uint8),
        "noise": torch.randn(3, 1, size, size, generator=generator),
        "timesteps": torch.tensor([0, 400, 950]),
    }


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_perfect_answer_gives_the_image_back(prediction):
    data, levels = batch(), schedule(prediction)
    noisy, wanted, _, given = HybridPrepareBatch(levels)(data)
    image = expected_image(levels, noisy, wanted["image"], given["timesteps"])
    assert torch.allclose(image, data["image"], atol=1e-4)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_any_answer_means_the_image_that_ddim_takes_it_for(prediction):
    levels, data = schedule(prediction), batch()
    for level in (0, 400, 950):
        _, taken = levels.step(data["noise"], level, data["image"])
        meant = expected_image(levels, data["image"], data["noise"], torch.tensor([level] * 3))
        assert torch.allclose(meant, taken, rtol=1e-4, atol=1e-4)


def test_the_mean_of_white_noise_images_is_the_wiener_filter():
    """Where images are white noise of variance 1, E[x | x_t] is √ᾱ x_t, and the mean velocity is 0."""
    levels = schedule()
    noisy, timesteps = batch()["image"], torch.tensor([0, 400, 950])
    shrunk = levels.alphas_cumprod[timesteps].sqrt().view(-1, 1, 1, 1) * noisy
    assert torch.allclose(expected_image(levels, noisy, torch.zeros_like(noisy), timesteps), shrunk)


def test_mask_and_level_come_along_unchanged():
    data = batch()
    _, wanted, _, given = HybridPrepareBatch(schedule())(data)
    assert torch.equal(wanted["mask"], data["label"])
    assert torch.equal(wanted["timesteps"], given["timesteps"])
    assert torch.equal(given["timesteps"], data["timesteps"])


def test_at_level_zero_the_image_is_seen_as_it_is_and_has_no_noise_to_remove():
    data = batch()
    seen, wanted, _, _ = HybridPrepareBatch(schedule("epsilon"))(data)
    assert torch.equal(seen[0], data["image"][0])
    assert not wanted["image"][0].any()
    assert not torch.equal(seen[1], data["image"][1])


def test_a_schedule_that_predicts_the_image_itself_is_refused():
    image = batch()["image"]
    with pytest.raises(ValueError, match="predicts epsilon or v_prediction, and not sample"):
        answer_for(schedule("sample"), image, image, torch.zeros(3).long())


def test_a_step_without_noise_is_a_plain_segmentation_step():
    torch.manual_seed(0)
    told = RockDenoiser(2, channels=(4, 8, 16)).train()
    torch.nn.init.normal_(told.level.shifts.weight)
    plain, data = deepcopy(told).at_level(0).train(), {**batch(16), "timesteps": torch.zeros(3).long()}

    def step(network, **options):
        trainer = SupervisedTrainer(
            "cpu", 2, [data], network, torch.optim.Adam(network.parameters(), 1e-2), decollate=False, **options
        )
        trainer.run()

    step(told, loss_function=HybridLoss(schedule(), 0.0, 1.0), prepare_batch=HybridPrepareBatch(schedule()))
    step(plain, loss_function=MaskedDiceCELoss(lambda_dice=0.0))
    after = told.at_level(0).state_dict()
    assert all(torch.allclose(after[name], value, atol=1e-6) for name, value in plain.state_dict().items())


SCHEDULE = DDIMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)


def styled_batch():
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.randn(3, 1, 8, 8, generator=generator),
        "label": torch.zeros(3, 1, 8, 8, dtype=torch.uint8),
        "style": torch.tensor([0, 1, 2]),
        "noise": torch.randn(3, 1, 8, 8, generator=generator),
        "timesteps": torch.tensor([0, 400, 999]),
    }


def test_input_and_target_give_image_and_noise_back():
    data = styled_batch()
    noisy, velocity, _, given = StyledPrepareBatch(SCHEDULE)(data)
    share = SCHEDULE.alphas_cumprod[data["timesteps"]].view(-1, 1, 1, 1)
    assert torch.allclose(share.sqrt() * noisy - (1 - share).sqrt() * velocity, data["image"], atol=1e-5)
    assert torch.allclose((1 - share).sqrt() * noisy + share.sqrt() * velocity, data["noise"], atol=1e-5)
    assert set(given) == {"timesteps", "mask", "style"}


def test_the_lowest_level_is_the_image_and_the_highest_all_but_noise():
    data = styled_batch()
    noisy, _, _, _ = StyledPrepareBatch(SCHEDULE)(data)
    assert torch.allclose(noisy[0], data["image"][0], atol=0.05)
    assert (noisy[2] - data["noise"][2]).abs().mean() == pytest.approx(0, abs=0.05)


def test_a_batch_without_styles_gives_none():
    data = {key: value for key, value in styled_batch().items() if key != "style"}
    assert "style" not in StyledPrepareBatch(SCHEDULE)(data)[3]


KNOWN = {
    "hybrid": {"image_weight": 1.0, "mask_weight": 0.1, "clean": 0.0},
    "supervised": {"image_weight": 0.0, "mask_weight": 1.0, "clean": 1.0},
}


def test_a_name_stands_for_its_settings_and_what_is_given_wins():
    assert choose_pretext("supervised", KNOWN, mask_weight=None) == KNOWN["supervised"]
    assert choose_pretext("hybrid", KNOWN, mask_weight=0)["mask_weight"] == 0
    assert KNOWN["hybrid"]["mask_weight"] == 0.1


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("denoise", {}, "--pretext denoise is unknown: choose hybrid, supervised"),
        ("hybrid", {"image_weight": 0, "mask_weight": 0}, "both 0"),
        ("hybrid", {"mask_weight": -0.1}, "--mask_weight takes a number from 0 up, got -0.1"),
        ("hybrid", {"mask_weight": "much"}, "got 'much'"),
        ("hybrid", {"clean": 1}, "without noise there is none to remove"),
        ("hybrid", {"clean": 1.5}, "--clean takes a share from 0 to 1, got 1.5"),
        ("hybrid", {"clean": "no"}, "--clean takes a share from 0 to 1, got 'no'"),
    ],
)
def test_what_cannot_be_learned_is_refused(name, changes, words):
    with pytest.raises(ScanError, match=words):
        choose_pretext(name, KNOWN, **changes)
