import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.metrics import mask_consistency

LABELS, PORES = ("solid", "pore", "water"), (1, 2)
MASKS = torch.zeros(70, 1, 16, 16, dtype=torch.uint8)
MASKS[:, :, :4], MASKS[:, :, 4:8] = 1, 2


def read_back(images: torch.Tensor) -> torch.Tensor:
    return images.round().long().clamp(0, 2)


def test_a_segmenter_that_reads_the_mask_back_finds_all():
    scores = mask_consistency(MASKS.half(), MASKS, lambda x: read_back(x)[:, 0], LABELS, PORES)
    assert scores == {"pore_dice": 1.0, "mean_dice": 1.0}


def test_pores_count_as_one_and_classes_apart():
    swapped = (3 - MASKS.float()) * (MASKS > 0)
    scores = mask_consistency(swapped, MASKS, read_back, LABELS, PORES)
    assert scores["pore_dice"] == 1.0
    assert scores["mean_dice"] == pytest.approx(1 / 3)


def test_half_of_the_pores_lost_is_a_dice_of_two_thirds():
    images = MASKS.clone()
    images[:, :, 4:8] = 0
    scores = mask_consistency(images, MASKS, read_back, LABELS, PORES)
    assert scores["pore_dice"] == pytest.approx(2 / 3)


def test_what_was_not_asked_for_does_not_count():
    masks = MASKS.clone()
    masks[:, :, 4:8] = 255
    images = torch.where(masks == 255, 0, masks)
    assert mask_consistency(images, masks, read_back, LABELS, PORES)["pore_dice"] == 1.0


def test_unknown_classes_are_refused():
    with pytest.raises(ScanError, match="label holds class 7"):
        mask_consistency(MASKS, torch.full_like(MASKS, 7), read_back, LABELS, PORES)
