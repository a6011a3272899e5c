import math

import pytest
import torch

from synfine_monai.losses import MaskedDiceCELoss, TeacherLoss

LABEL = torch.tensor([0, 1, 255, 255]).view(1, 1, 2, 2)


def logits(*shares):
    """The same shares of two classes everywhere."""
    return torch.tensor(shares).log().view(1, 2, 1, 1).expand(1, 2, 2, 2).clone()


def test_divergence_is_that_of_the_formula_and_counts_every_voxel():
    on_labels = MaskedDiceCELoss()
    found = TeacherLoss(on_labels, 2.0)(logits(0.5, 0.5), {"label": LABEL, "teacher": logits(0.8, 0.2)})
    apart = 0.8 * math.log(0.8 / 0.5) + 0.2 * math.log(0.2 / 0.5)
    assert float(found) == pytest.approx(float(on_labels(logits(0.5, 0.5), LABEL)) + 2 * apart, rel=1e-5)


def test_an_unlabelled_window_pulls_towards_the_teacher_alone():
    student = logits(0.5, 0.5).requires_grad_()
    nothing = torch.full((1, 1, 2, 2), 255)
    TeacherLoss(MaskedDiceCELoss())(student, {"label": nothing, "teacher": logits(0.8, 0.2)}).backward()
    torch.testing.assert_close(student.grad[0, 0], torch.full((2, 2), (0.5 - 0.8) / 4))


def test_without_weight_or_teacher_it_is_the_loss_on_labels():
    on_labels, student = MaskedDiceCELoss(), logits(0.3, 0.7)
    target = {"label": LABEL, "teacher": logits(0.8, 0.2)}
    assert TeacherLoss(on_labels, 0)(student, target) == on_labels(student, LABEL)
    assert TeacherLoss(on_labels, 1)(student, LABEL) == on_labels(student, LABEL)


def test_a_teacher_of_bfloat16_does():
    target = {"label": LABEL, "teacher": logits(0.8, 0.2).bfloat16()}
    assert TeacherLoss(MaskedDiceCELoss())(logits(0.5, 0.5).bfloat16(), target).dtype == torch.float32


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="negative"):
        TeacherLoss(MaskedDiceCELoss(), -1)
