from collections import Counter

import torch

from synfine_monai.data import PatchBatches
from synfine_monai.transforms import RandAugmentBatchd

DATA = {
    "image": torch.arange(10.0).view(10, 1, 1, 1).expand(10, 1, 4, 4),
    "label": torch.zeros(10, 1, 4, 4, dtype=torch.uint8),
}


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
