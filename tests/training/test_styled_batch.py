import pytest
import torch
from monai.networks.schedulers import DDIMScheduler

from synfine_monai.training import StyledPrepareBatch

SCHEDULE = DDIMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)


def batch():
    generator = torch.Generator().manual_seed(0)
    return {
        "image": torch.randn(3, 1, 8, 8, generator=generator),
        "label": torch.zeros(3, 1, 8, 8, dtype=torch.uint8),
        "style": torch.tensor([0, 1, 2]),
        "noise": torch.randn(3, 1, 8, 8, generator=generator),
        "timesteps": torch.tensor([0, 400, 999]),
    }


def test_input_and_target_give_image_and_noise_back():
    data = batch()
    noisy, velocity, _, given = StyledPrepareBatch(SCHEDULE)(data)
    share = SCHEDULE.alphas_cumprod[data["timesteps"]].view(-1, 1, 1, 1)
    assert torch.allclose(share.sqrt() * noisy - (1 - share).sqrt() * velocity, data["image"], atol=1e-5)
    assert torch.allclose((1 - share).sqrt() * noisy + share.sqrt() * velocity, data["noise"], atol=1e-5)
    assert set(given) == {"timesteps", "mask", "style"}


def test_the_lowest_level_is_the_image_and_the_highest_all_but_noise():
    data = batch()
    noisy, _, _, _ = StyledPrepareBatch(SCHEDULE)(data)
    assert torch.allclose(noisy[0], data["image"][0], atol=0.05)
    assert (noisy[2] - data["noise"][2]).abs().mean() == pytest.approx(0, abs=0.05)


def test_a_batch_without_styles_gives_none():
    data = {key: value for key, value in batch().items() if key != "style"}
    assert "style" not in StyledPrepareBatch(SCHEDULE)(data)[3]
