import pytest
import torch

from synfine_monai.data.batch_share import BatchShare
from synfine_monai.errors import ScanError

BATCHES = [{"image": torch.arange(6.0) + 10 * i, "label": torch.arange(6)} for i in range(3)]


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_all_shares_together_are_the_batch(world_size):
    shares = [BatchShare(BATCHES, rank, world_size) for rank in range(world_size)]
    assert [len(share) for share in shares] == [3] * world_size
    for index, batch in enumerate(BATCHES):
        for key, values in batch.items():
            assert torch.equal(torch.cat([share[index][key] for share in shares]), values)


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    with pytest.raises(ScanError, match="6 cannot be shared by 4 processes: use a multiple of 4"):
        BatchShare(BATCHES, 0, 4)[0]
