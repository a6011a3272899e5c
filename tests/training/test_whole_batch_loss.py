import pytest
import torch

from synfine_monai.losses import MaskedDiceCELoss
from synfine_monai.training import WholeBatchLoss, whole_batch_loss


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and labels of four patches; most of the second half carries no label."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 3, 8, 8, generator=generator)
    labels = torch.randint(0, 3, (4, 1, 8, 8), generator=generator)
    labels[2:, :, 1:] = 255
    return logits, labels


@pytest.fixture
def _second_half_elsewhere(batch, monkeypatch):
    logits, labels = batch
    others = {torch.float32: logits[2:], torch.int64: labels[2:]}
    monkeypatch.setattr(whole_batch_loss, "gather_shares", lambda own: torch.cat([own, others[own.dtype]]))


@pytest.mark.usefixtures("_second_half_elsewhere")
def test_it_is_the_loss_of_the_whole_batch_and_not_the_mean_of_the_shares(batch):
    loss, (logits, labels) = MaskedDiceCELoss(), batch
    whole = loss(logits, labels)
    mean = (loss(logits[:2], labels[:2]) + loss(logits[2:], labels[2:])) / 2
    assert WholeBatchLoss(loss)(logits[:2], labels[:2]) == whole
    assert abs(mean - whole) > 0.01


@pytest.mark.usefixtures("_second_half_elsewhere")
def test_every_entry_of_a_mapping_is_gathered(batch):
    logits, labels = batch
    sizes = WholeBatchLoss(lambda answer, target: [len(answer), *(len(target[name]) for name in ("a", "b"))])
    assert sizes(logits[:2], {"b": labels[:2], "a": logits[:2]}) == [4, 4, 4]


def test_alone_it_is_the_loss(batch):
    logits, labels = batch
    assert WholeBatchLoss(MaskedDiceCELoss())(logits, labels) == MaskedDiceCELoss()(logits, labels)
