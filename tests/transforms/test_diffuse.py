import pytest
import torch

from synfine_monai.transforms import RandDiffuseBatchd, RandDropConditionsd

BATCH = {"image": torch.zeros(8, 1, 32, 32)}


def test_noise_is_standard_normal_and_the_image_stays():
    out = RandDiffuseBatchd().set_random_state(seed=0)(BATCH)
    assert torch.equal(out["image"], BATCH["image"])
    assert out["noise"].mean() == pytest.approx(0, abs=0.05)
    assert out["noise"].std() == pytest.approx(1, abs=0.05)


def test_levels_of_a_batch_lie_one_in_every_eighth():
    out = RandDiffuseBatchd(levels=1000).set_random_state(seed=1)(BATCH)
    assert sorted((out["timesteps"] // 125).tolist()) == pytest.approx(list(range(8)))


def test_levels_cover_all_and_no_more():
    diffuse = RandDiffuseBatchd(levels=10).set_random_state(seed=2)
    levels = torch.cat([diffuse(BATCH)["timesteps"] for _ in range(50)])
    assert set(levels.tolist()) == set(range(10))


def test_seed_decides():
    first, again, other = (RandDiffuseBatchd().set_random_state(seed=seed)(BATCH) for seed in (3, 3, 4))
    assert torch.equal(first["noise"], again["noise"])
    assert torch.equal(first["timesteps"], again["timesteps"])
    assert not torch.equal(first["noise"], other["noise"])


def test_a_share_of_every_batch_is_clean_and_the_rest_still_covers_all_levels():
    out = RandDiffuseBatchd(levels=1000, clean=0.25).set_random_state(seed=1)(BATCH)
    assert out["timesteps"][-2:].tolist() == [0, 0]
    assert sorted((out["timesteps"][:6] // (1000 / 6)).tolist()) == list(range(6))


def test_all_of_a_batch_may_be_clean():
    assert not RandDiffuseBatchd(clean=1.0).set_random_state(seed=0)(BATCH)["timesteps"].any()


CONDITIONS = {"image": torch.ones(400, 1, 2, 2), "label": torch.ones(400, 1, 2, 2, dtype=torch.uint8),
         "style": torch.full((400,), 3)}  # fmt: skip


def test_conditions_go_by_themselves_and_as_often_as_asked():
    out = RandDropConditionsd(255, 96, mask_dropout=0.5, style_dropout=0.25).set_random_state(seed=0)(CONDITIONS)
    masks, styles = (out["label"] == 255).all((1, 2, 3)), out["style"] == 96
    assert masks.float().mean() == pytest.approx(0.5, abs=0.08)
    assert styles.float().mean() == pytest.approx(0.25, abs=0.08)
    assert (masks & styles).float().mean() == pytest.approx(0.125, abs=0.06)
    assert (out["label"][~masks] == 1).all()
    assert (out["style"][~styles] == 3).all()


def test_the_batch_that_was_given_and_its_images_stay():
    out = RandDropConditionsd(255, 96, 1.0, 1.0).set_random_state(seed=0)(CONDITIONS)
    assert (CONDITIONS["label"] == 1).all()
    assert (CONDITIONS["style"] == 3).all()
    assert out["image"] is CONDITIONS["image"]


def test_without_chance_nothing_goes():
    out = RandDropConditionsd(255, 96, 0.0, 0.0).set_random_state(seed=0)(CONDITIONS)
    assert all(torch.equal(out[key], CONDITIONS[key]) for key in CONDITIONS)


def test_refuses_a_chance_above_one():
    with pytest.raises(ValueError, match="mask_dropout"):
        RandDropConditionsd(255, 96, mask_dropout=1.5)
