from collections import Counter

import pytest
import torch

from synfine_monai.data import PatchBatches, mixed_pool, synthetic_count
from synfine_monai.data.patch_batches import with_margin
from synfine_monai.errors import ScanError
from synfine_monai.transforms import RandAugmentBatchd

DATA = {
    "image": torch.arange(10.0).view(10, 1, 1, 1).expand(10, 1, 4, 4),
    "label": torch.zeros(10, 1, 4, 4, dtype=torch.uint8),
}
REAL = {"image": torch.zeros(3, 1, 8, 8), "label": torch.zeros(3, 1, 8, 8, dtype=torch.uint8)}
ROW = {"image": torch.arange(4.0).expand(2, 1, 4, 4).half(), "label": torch.ones(2, 1, 4, 4, dtype=torch.uint8)}


def test_every_patch_is_seen_once_before_any_is_seen_again():
    batches = PatchBatches(DATA, batch_size=4, steps_per_epoch=5, seed=0)
    seen = Counter(float(v) for i in range(5) for v in batches[i]["image"][:, 0, 0, 0])
    assert set(seen.values()) == {2}
    assert len(seen) == 10


def test_a_batch_depends_on_seed_epoch_and_index_only():
    def batch(seed, epoch, index):
        batches = PatchBatches(DATA, 4, 5, seed, RandAugmentBatchd())
        batches.epoch = epoch
        return batches[index]["image"]

    first = PatchBatches(DATA, 4, 5, 3, RandAugmentBatchd())
    for i in range(5):
        first[i]
    first.epoch = 2
    assert torch.equal(first[1]["image"], batch(3, 2, 1))
    assert not torch.equal(batch(3, 2, 1), batch(3, 1, 1))
    assert not torch.equal(batch(3, 2, 1), batch(4, 2, 1))


def test_patches_are_made_only_when_a_batch_is_asked_for():
    made = []
    batches = PatchBatches(lambda: made.append(1) or DATA, 2, 3)
    assert len(batches) == 3
    assert made == []
    assert batches[0]["image"].shape == (2, 1, 4, 4)
    assert batches[2]["image"].shape == (2, 1, 4, 4)
    assert made == [1]


def test_half_precision_banks_give_float32_batches():
    batches = PatchBatches({"image": torch.ones(2, 1, 4, 4, dtype=torch.float16)}, 2, 1)
    assert batches[0]["image"].dtype == torch.float32


def test_the_image_is_reflected_into_the_margin_and_the_margin_has_no_label():
    out = with_margin(ROW, 8)
    assert out["image"][0, 0, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]
    assert (out["label"] == 255).sum() == 2 * (8 * 8 - 4 * 4)
    assert (out["label"][:, :, 2:6, 2:6] == 1).all()


def test_no_margin_leaves_patches_as_they_are():
    assert torch.equal(with_margin(ROW, 4)["image"], ROW["image"])
    assert torch.equal(with_margin(ROW, 4)["label"], ROW["label"])


def test_margins_may_be_wider_than_the_patch():
    assert with_margin(ROW, 20)["image"].shape == (2, 1, 20, 20)


@pytest.mark.parametrize("size", [2, 7])
def test_patches_that_cannot_lie_in_the_middle_are_refused(size):
    with pytest.raises(ValueError, match="do not fit"):
        with_margin(ROW, size)


def test_the_pool_holds_real_patches_first_then_synthetic_ones():
    pool = mixed_pool(REAL, lambda: ROW, 2)
    assert pool["image"].shape == pool["label"].shape == (5, 1, 8, 8)
    assert (pool["image"].dtype, pool["label"].dtype) == (torch.float32, torch.uint8)
    assert torch.equal(pool["image"][:3], REAL["image"])
    assert pool["label"][:3].max() == 0
    assert pool["label"][3:].max() == 255


def test_without_synthetic_patches_none_are_made():
    assert mixed_pool(REAL, lambda: 1 / 0, 0) is REAL


@pytest.mark.parametrize(("per_real", "count"), [(None, 0), (0, 0), (1, 16), (10, 160)])
def test_synthetic_patches_for_each_real_one(per_real, count):
    assert synthetic_count(16, per_real) == count


@pytest.mark.parametrize("per_real", [-1, 0.5, "many", True])
def test_refuses_what_is_no_count(per_real):
    with pytest.raises(ScanError, match="--synthetic_per_real takes"):
        synthetic_count(16, per_real)
