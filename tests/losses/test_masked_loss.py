import pytest
import torch
from monai.data import MetaTensor
from monai.losses import DiceCELoss
from torch.nn.functional import one_hot

from synfine_monai.losses import MaskedDiceCELoss


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def target() -> torch.Tensor:
    return torch.randint(0, 4, (3, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))


def test_equals_monai_where_everything_is_labelled(logits, target):
    monai_loss = DiceCELoss(to_onehot_y=True, softmax=True, batch=True)
    torch.testing.assert_close(MaskedDiceCELoss()(logits, target), monai_loss(logits, target))


def test_terms_have_their_weights(logits, target):
    settings = {"lambda_dice": 0.3, "lambda_ce": 2.0, "label_smoothing": 0.1}
    monai_loss = DiceCELoss(to_onehot_y=True, softmax=True, batch=True, **settings)
    loss = MaskedDiceCELoss(**settings)
    torch.testing.assert_close(loss(logits, target), monai_loss(logits, target))


def test_class_weights_act_as_in_torch(logits, target):
    weight = torch.tensor([1.0, 2.0, 0.5, 4.0])
    expected = torch.nn.CrossEntropyLoss(weight=weight, ignore_index=255)(logits, target[:, 0].long())
    torch.testing.assert_close(MaskedDiceCELoss(lambda_dice=0, weight=weight)(logits, target), expected)


def test_unlabelled_pixels_count_nowhere(logits, target):
    target[:, :, 4:] = 255
    loss = MaskedDiceCELoss()
    torch.testing.assert_close(loss(logits, target), loss(logits[:, :, :4], target[:, :, :4]))
    logits.requires_grad_()
    loss(logits, target).backward()
    assert not logits.grad[:, :, 4:].any()
    assert logits.grad[:, :, :4].any()


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 3.0, 4.0]])
def test_nothing_labelled_gives_zero_with_zero_gradients(logits, weight):
    logits.requires_grad_()
    loss = MaskedDiceCELoss(weight=weight)(logits, torch.full((3, 1, 8, 8), 255, dtype=torch.uint8))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_perfect_prediction_costs_nothing_even_if_classes_are_absent():
    target = torch.ones(2, 1, 4, 4, dtype=torch.uint8)
    logits = torch.zeros(2, 3, 4, 4)
    logits[:, 1] = 50
    assert MaskedDiceCELoss()(logits, target).item() == pytest.approx(0, abs=1e-6)


def test_dice_of_a_hand_computed_case():
    target = torch.tensor([[[[0, 1, 1, 255]]]], dtype=torch.uint8)
    even = torch.zeros(1, 2, 1, 4)
    # probabilities 1/2 everywhere: class 0 has 2·½/(3/2 + 1) = 0.4, class 1 has 2·1/(3/2 + 2) = 4/7
    expected = 1 - (0.4 + 4 / 7) / 2
    assert MaskedDiceCELoss(lambda_ce=0)(even, target).item() == pytest.approx(expected, abs=1e-4)


def test_is_computed_in_float32_under_autocast(logits, target):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = MaskedDiceCELoss()(logits.bfloat16(), target)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, MaskedDiceCELoss()(logits.bfloat16().float(), target))


def test_meta_tensors_lose_their_burden(logits, target):
    loss = MaskedDiceCELoss()(MetaTensor(logits), MetaTensor(target))
    assert type(loss) is torch.Tensor
    torch.testing.assert_close(loss, MaskedDiceCELoss()(logits, target))


def test_gradient_is_right(logits, target):
    target[0, 0, 0] = 255
    loss = MaskedDiceCELoss(weight=[1, 2, 3, 4])
    step = torch.zeros_like(logits)
    step[1, 2, 3, 3] = 0.05
    logits.requires_grad_()
    loss(logits, target).backward()
    with torch.no_grad():
        slope = (loss(logits + step, target) - loss(logits - step, target)) / 0.1
    assert slope.item() == pytest.approx(logits.grad[1, 2, 3, 3].item(), rel=0.02)


@pytest.mark.parametrize(
    "wrong", [{"lambda_dice": 0, "lambda_ce": 0}, {"lambda_ce": -1}, {"label_smoothing": 1.5}, {"weight": [1, -1]}]
)
def test_refuses_impossible_settings(wrong):
    with pytest.raises(ValueError, match=r"must|needs"):
        MaskedDiceCELoss(**wrong)


def test_refuses_labels_of_another_shape(logits, target):
    with pytest.raises(ValueError, match="do not fit"):
        MaskedDiceCELoss()(logits, target[:, 0])
    with pytest.raises(ValueError, match="do not fit"):
        MaskedDiceCELoss()(logits[:, :1], target)
    with pytest.raises(ValueError, match="2 class weights"):
        MaskedDiceCELoss(weight=[1, 2])(logits, target)


def shares(target: torch.Tensor, classes: int = 4) -> torch.Tensor:
    """One-hot soft target; zeros where nothing is labelled."""
    index = target[:, 0].long()
    return one_hot(index.where(index != 255, 0), classes).movedim(-1, 1) * (target != 255).float()


@pytest.mark.parametrize(
    "settings",
    [{}, {"weight": [1, 2, 0.5, 4]}, {"label_smoothing": 0.2}, {"weight": [1, 2, 3, 4], "label_smoothing": 0.1}],
)
def test_one_hot_soft_targets_cost_what_labels_do(settings, logits, target):
    target[0, 0, :3] = 255
    target[target == 2] = 1  # a class is absent
    values, gradients = [], []
    for given in (target, shares(target)):
        leaf = logits.clone().requires_grad_()
        values.append(MaskedDiceCELoss(**settings)(leaf, given))
        gradients.append(torch.autograd.grad(values[-1], leaf)[0])
    torch.testing.assert_close(*values, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-7)


def test_cross_entropy_of_a_mixture_is_the_mixture_of_both():
    target = torch.tensor([0.75, 0.25, 0.0]).view(1, 3, 1, 1)
    logits = torch.tensor([0.5, 0.2, 0.3]).log().view(1, 3, 1, 1)
    expected = -(0.75 * torch.tensor(0.5).log() + 0.25 * torch.tensor(0.2).log())
    torch.testing.assert_close(MaskedDiceCELoss(lambda_dice=0)(logits, target), expected)


def test_dice_of_a_mixture_computed_by_hand():
    target = torch.tensor([0.75, 0.25, 0.0]).view(1, 3, 1, 1)
    logits = torch.tensor([0.5, 0.2, 0.3]).log().view(1, 3, 1, 1)
    # overlap min(p, t): class 0 has 2·0.5/(0.5 + 0.75) = 0.8, class 1 has 2·0.2/(0.2 + 0.25) = 8/9, class 2 is absent
    expected = 1 - (0.8 + 8 / 9) / 2
    assert MaskedDiceCELoss(lambda_ce=0)(logits, target).item() == pytest.approx(expected, abs=1e-4)


def test_dice_of_a_mixture_is_lowest_where_the_prediction_equals_it():
    target = torch.tensor([0.75, 0.25]).view(1, 2, 1, 1).expand(1, 2, 4, 4).clone()
    dice = MaskedDiceCELoss(lambda_ce=0)
    assert dice(target.log(), target).item() == pytest.approx(0, abs=1e-6)
    assert dice(torch.tensor([9.0, -9.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4), target) > 0.1


def test_half_labelled_pixels_count_half(logits, target):
    soft, other = shares(target), logits.flip(0)
    loss = MaskedDiceCELoss(lambda_dice=0)
    both = loss(torch.cat([logits, other]), torch.cat([soft, 0.5 * soft]))
    torch.testing.assert_close(both, (2 * loss(logits, soft) + loss(other, soft)) / 3)


def test_soft_targets_without_any_share_give_zero_with_zero_gradients(logits):
    logits.requires_grad_()
    loss = MaskedDiceCELoss()(logits, torch.zeros(3, 4, 8, 8))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()
