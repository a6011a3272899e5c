import pytest
import torch
from torch import nn

from synfine_monai.losses import DenoisingLoss, MaskedDiceCELoss, TeacherLoss

LABEL = torch.tensor([0, 1, 255, 255]).view(1, 1, 2, 2)
LOGITS = torch.tensor([0.3, -0.3]).view(1, 2, 1, 1).expand(1, 2, 2, 2).clone()
NOISY = {
    "noisy": torch.ones(3, 1, 2, 2),
    "timesteps": torch.tensor([0, 10, 500]),
    "answer": torch.tensor([1.0, 2.0, 4.0]).view(3, 1, 1, 1).expand(3, 1, 2, 2),
}


class Doubling(nn.Module):
    """Answers twice what it sees as the image, and logits that count nowhere."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, x, timesteps):
        assert timesteps.shape == (len(x),)
        return torch.cat([self.factor * x, torch.full((len(x), 2, *x.shape[2:]), 9.0)], dim=1)


def infer(x, network, timesteps):
    return network(x, timesteps)


@pytest.fixture
def on_masks():
    return TeacherLoss(MaskedDiceCELoss())


def test_squared_errors_of_the_image_alone_are_added(on_masks):
    loss = DenoisingLoss(on_masks, Doubling(), infer, 0.5)
    known = on_masks(LOGITS, {"label": LABEL, "teacher": LOGITS})
    found = loss(LOGITS, {"label": LABEL, "teacher": LOGITS, **NOISY})
    assert found.item() == pytest.approx(known.item() + 0.5 * (1 + 0 + 4) / 3)


def test_both_terms_train(on_masks):
    denoiser, logits = Doubling(), LOGITS.clone().requires_grad_()
    DenoisingLoss(on_masks, denoiser, infer, 0.5)(logits, {"label": LABEL, "teacher": LOGITS, **NOISY}).backward()
    assert denoiser.factor.grad.item() == pytest.approx(0.5 * 2 * (1 + 0 - 2) / 3)
    assert logits.grad.abs().sum() > 0


def test_without_weight_or_windows_it_is_the_loss_on_masks(on_masks):
    target = {"label": LABEL, "teacher": LOGITS}
    none = {name: values[:0] for name, values in NOISY.items()}
    known = on_masks(LOGITS, target)
    assert DenoisingLoss(on_masks, Doubling(), infer, 0)(LOGITS, target | NOISY) == known
    assert DenoisingLoss(on_masks, Doubling(), infer)(LOGITS, target | none) == known
    assert DenoisingLoss(MaskedDiceCELoss(), Doubling(), infer)(LOGITS, LABEL) == MaskedDiceCELoss()(LOGITS, LABEL)


def test_a_negative_weight_is_refused(on_masks):
    with pytest.raises(ValueError, match="negative"):
        DenoisingLoss(on_masks, Doubling(), infer, -1)
