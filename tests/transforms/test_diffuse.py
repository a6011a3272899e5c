import pytest
import torch

from synfine_monai.transforms.diffuse import RandDiffuseBatchd

BATCH = {"image": torch.zeros(8, 1, 32, 32)}


def test_noise_is_standard_normal_and_the_image_stays():
    out = RandDiffuseBatchd().set_random_state(seed=0)(BATCH)
    assert torch.equal(out["image"], BATCH["image"])
    assert out["noise"].mean() == pytest.approx(0, abs=0.05)
    assert out["noise"].std() == pytest.approx(1, abs=0.05)


def test_levels_of_a_batch_lie_one_in_every_eighth():
    out = RandDiffuseBatchd(num_train_timesteps=1000).set_random_state(seed=1)(BATCH)
    assert sorted((out["timesteps"] // 125).tolist()) == pytest.approx(list(range(8)))


def test_levels_cover_all_and_no_more():
    diffuse = RandDiffuseBatchd(num_train_timesteps=10).set_random_state(seed=2)
    levels = torch.cat([diffuse(BATCH)["timesteps"] for _ in range(50)])
    assert set(levels.tolist()) == set(range(10))


def test_seed_decides():
    first, again, other = (RandDiffuseBatchd().set_random_state(seed=seed)(BATCH) for seed in (3, 3, 4))
    assert torch.equal(first["noise"], again["noise"])
    assert torch.equal(first["timesteps"], again["timesteps"])
    assert not torch.equal(first["noise"], other["noise"])
