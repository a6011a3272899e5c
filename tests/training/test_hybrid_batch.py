from copy import deepcopy

import pytest
import torch
from monai.engines import SupervisedTrainer
from monai.networks.schedulers import DDIMScheduler

from synfine_monai.losses import HybridLoss, MaskedDiceCELoss
from synfine_monai.networks import RockDenoiser
from synfine_monai.training import HybridPrepareBatch, expected_image
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
