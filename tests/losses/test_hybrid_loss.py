from math import log

import pytest
import torch
from monai.networks.schedulers import DDPMScheduler

from synfine_monai.errors import ScanError
from synfine_monai.losses import HybridLoss, MaskedDiceCELoss

SCHEDULE = DDPMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)


def target(mask, timesteps, velocity=0.0):
    image = torch.full(mask.shape, velocity)
    return {"image": image, "mask": mask, "timesteps": torch.tensor(timesteps)}


def even_answer(classes=2, batch=2):
    """The image is 0 and every class as likely: an error of v² and a cross-entropy of ln K at every pixel."""
    return torch.zeros(batch, 1 + classes, 4, 4)


MASK = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)


def test_both_terms_by_hand():
    loss = HybridLoss(SCHEDULE, image_weight=2.0, mask_weight=0.1)
    assert loss(even_answer(), target(MASK, [0, 500], velocity=3.0)) == pytest.approx(2 * 9 + 0.1 * log(2))


@pytest.mark.parametrize(("schedule", "power"), [("constant", 0), ("sqrt_alpha", 0.5), ("alpha", 1), ("clean", 4)])
def test_the_mask_weighs_by_the_signal_that_is_left(schedule, power):
    loss = HybridLoss(SCHEDULE, 0.0, 1.0, schedule)
    share = SCHEDULE.alphas_cumprod[[100, 700]] ** power
    expected = log(3) * share.mean().item()
    assert loss(even_answer(3), target(MASK, [100, 700])).item() == pytest.approx(expected, rel=1e-5)


def test_weights_go_from_one_on_clean_images_to_zero_in_noise():
    ends = {
        name: HybridLoss(SCHEDULE, 0.0, 1.0, name).level_weights[[0, 999]] for name in ("sqrt_alpha", "alpha", "clean")
    }
    for first, last in ends.values():
        assert first == pytest.approx(1, abs=1e-3)
        assert last == pytest.approx(0, abs=1e-2)


def test_a_noisy_patch_counts_for_fewer_pixels_when_it_has_fewer_labels():
    mask = MASK.clone()
    mask[1, :, 1:] = 255  # 16 pixels at one level, 4 at the other
    loss = HybridLoss(SCHEDULE, 0.0, 1.0, "alpha")
    early, late = SCHEDULE.alphas_cumprod[[100, 700]].tolist()
    expected = log(2) * (16 * early + 4 * late) / 20
    assert loss(even_answer(), target(mask, [100, 700])).item() == pytest.approx(expected, rel=1e-5)


def test_on_clean_images_it_is_the_segmentation_loss():
    generator = torch.Generator().manual_seed(0)
    answer = torch.randn(2, 4, 4, 4, generator=generator)
    mask = torch.randint(3, (2, 1, 4, 4), generator=generator).to(torch.uint8)
    mask[0, 0, 0] = 255
    plain = MaskedDiceCELoss(lambda_dice=0.0)(answer[:, 1:], mask)
    assert torch.allclose(HybridLoss(SCHEDULE, 0.0, 1.0)(answer, target(mask, [0, 0])), plain)


def test_a_term_of_weight_zero_teaches_its_head_nothing():
    for weights, silent in (((1.0, 0.0), slice(1, None)), ((0.0, 1.0), slice(0, 1))):
        answer = even_answer().requires_grad_()
        HybridLoss(SCHEDULE, *weights)(answer, target(MASK, [10, 20], velocity=1.0)).backward()
        assert not answer.grad[:, silent].any()
        assert answer.grad.any()


def test_nothing_labelled_is_no_error_of_the_mask():
    answer = even_answer().requires_grad_()
    loss = HybridLoss(SCHEDULE, 0.0, 1.0)(answer, target(torch.full_like(MASK, 255), [10, 20]))
    loss.backward()
    assert loss == 0
    assert not answer.grad.any()


def test_half_precision_answers_are_summed_in_full():
    loss = HybridLoss(SCHEDULE)(even_answer().bfloat16(), target(MASK, [10, 20], velocity=1.0))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(1 + 0.1 * log(2))


@pytest.mark.parametrize("weights", [(-1.0, 1.0), (0.0, 0.0)])
def test_weights_that_make_no_loss_are_refused(weights):
    with pytest.raises(ValueError, match="positive term"):
        HybridLoss(SCHEDULE, *weights)


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ScanError, match="'linear' is unknown: choose constant, sqrt_alpha, alpha, clean"):
        HybridLoss(SCHEDULE, mask_schedule="linear")
