import pytest
import torch

from synfine_monai.transforms import LogitsToLabelsd


@pytest.mark.parametrize("classes", [2, 5])
def test_labels_are_the_most_probable_class_and_255_outside(classes):
    logits = torch.randn(classes, 3, 70, 30, generator=torch.Generator().manual_seed(0))
    logits[:, 0, :5] = 1.0  # a tie goes to the first class, as argmax does
    fov = torch.rand(1, 3, 70, 30) < 0.7
    out = LogitsToLabelsd()({"pred": logits, "fov": fov})
    assert out["labels"].dtype == torch.uint8
    assert torch.equal(out["labels"][fov[0]], logits.argmax(0)[fov[0]].to(torch.uint8))
    assert (out["labels"][~fov[0]] == 255).all()
    assert "probabilities" not in out


def test_probabilities_add_up_to_one_everywhere():
    data = {"pred": 9 * torch.randn(4, 2, 8, 8), "fov": torch.zeros(1, 2, 8, 8).bool()}
    out = LogitsToLabelsd(probabilities=True)(data)
    assert out["probabilities"].dtype == torch.float32
    torch.testing.assert_close(out["probabilities"].sum(0), torch.ones(2, 8, 8))
