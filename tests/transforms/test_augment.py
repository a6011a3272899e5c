import torch

from synfine_monai.transforms import RandAugmentBatchd


def batch():
    image = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return {"image": image, "label": (image > 0.5).to(torch.uint8)}


def test_image_and_label_are_turned_alike():
    data = batch()
    out = RandAugmentBatchd(scale=0, shift=0).set_random_state(seed=1)(data)
    assert torch.equal(out["label"], (out["image"] > 0.5).to(torch.uint8))
    assert not torch.equal(out["image"], data["image"])


def test_all_eight_turns_occur():
    corner = torch.zeros(200, 1, 4, 4)
    corner[:, 0, 0, 1] = 1
    out = RandAugmentBatchd(keys="image", scale=0, shift=0).set_random_state(seed=1)({"image": corner})["image"]
    assert len({tuple(p.flatten().tolist()) for p in out}) == 8


def test_jitter_has_the_spread_that_was_asked_for():
    jitter = RandAugmentBatchd(keys="image", scale=0.0, shift=0.3).set_random_state(seed=1)
    out = jitter({"image": torch.zeros(2000, 1, 2, 2)})
    assert abs(out["image"][:, 0, 0, 0].std() - 0.3) < 0.02


def test_same_seed_same_batch():
    first = RandAugmentBatchd().set_random_state(seed=2)(batch())["image"]
    assert torch.equal(first, RandAugmentBatchd().set_random_state(seed=2)(batch())["image"])
    assert not torch.equal(first, RandAugmentBatchd().set_random_state(seed=3)(batch())["image"])
