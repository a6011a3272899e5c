import pytest
import torch

from synfine_monai.data import PatchBatches
from synfine_monai.errors import ScanError
from synfine_monai.training import BatchShare

PATCHES = {"image": torch.arange(18.0).view(18, 1, 1, 1), "label": torch.arange(18).view(18, 1, 1, 1)}
BATCHES = PatchBatches(PATCHES, batch_size=6, steps_per_epoch=3)


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_all_shares_together_are_the_batch(world_size):
    shares = [BatchShare(BATCHES, rank, world_size) for rank in range(world_size)]
    assert [len(share) for share in shares] == [3] * world_size
    for index, batch in enumerate(BATCHES):
        for key, values in batch.items():
            assert torch.equal(torch.cat([share[index][key] for share in shares]), values)


def test_a_batch_that_cannot_be_shared_evenly_is_refused_before_any_is_made():
    unmade = PatchBatches(lambda: pytest.fail("patches were made"), batch_size=6, steps_per_epoch=3)
    with pytest.raises(ScanError, match="6 cannot be shared by 4 processes: use a multiple of 4"):
        BatchShare(unmade, 0, 4)
