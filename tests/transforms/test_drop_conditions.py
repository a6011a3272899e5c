import pytest
import torch

from synfine_monai.transforms import RandDropConditionsd

BATCH = {"image": torch.ones(400, 1, 2, 2), "label": torch.ones(400, 1, 2, 2, dtype=torch.uint8),
         "style": torch.full((400,), 3)}  # fmt: skip


def test_conditions_go_by_themselves_and_as_often_as_asked():
    out = RandDropConditionsd(255, 96, mask_dropout=0.5, style_dropout=0.25).set_random_state(seed=0)(BATCH)
    masks, styles = (out["label"] == 255).all((1, 2, 3)), out["style"] == 96
    assert masks.float().mean() == pytest.approx(0.5, abs=0.08)
    assert styles.float().mean() == pytest.approx(0.25, abs=0.08)
    assert (masks & styles).float().mean() == pytest.approx(0.125, abs=0.06)
    assert (out["label"][~masks] == 1).all()
    assert (out["style"][~styles] == 3).all()


def test_the_batch_that_was_given_and_its_images_stay():
    out = RandDropConditionsd(255, 96, 1.0, 1.0).set_random_state(seed=0)(BATCH)
    assert (BATCH["label"] == 1).all()
    assert (BATCH["style"] == 3).all()
    assert out["image"] is BATCH["image"]


def test_without_chance_nothing_goes():
    out = RandDropConditionsd(255, 96, 0.0, 0.0).set_random_state(seed=0)(BATCH)
    assert all(torch.equal(out[key], BATCH[key]) for key in BATCH)


def test_refuses_a_chance_above_one():
    with pytest.raises(ValueError, match="mask_dropout"):
        RandDropConditionsd(255, 96, mask_dropout=1.5)
