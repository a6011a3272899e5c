from math import log

import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.transforms import LabelsWithUncertaintyd, LogitsToLabelsd, classes_to_phases


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


SHAPE = (3, 6, 7)
INSIDE = torch.ones(1, *SHAPE, dtype=torch.bool)


def logits_of(*probabilities):
    return torch.tensor(probabilities).log().view(-1, 1, 1, 1).expand(-1, *SHAPE)


@pytest.mark.parametrize(
    ("probabilities", "entropy"),
    [((0.5, 0.5), 255), ((0.2,) * 5, 255), ((1.0, 1e-30), 0), ((0.5, 0.5, 1e-30), 255 * log(2) / log(3)),
     ((0.9, 0.1), 255 * (0.9 * log(1 / 0.9) + 0.1 * log(10)) / log(2))],
)  # fmt: skip
def test_entropy_is_what_theory_says(probabilities, entropy):
    out = LabelsWithUncertaintyd(len(probabilities), "entropy")({"pred": logits_of(*probabilities), "fov": INSIDE})
    assert out["uncertainty"].dtype == torch.uint8
    assert out["uncertainty"].shape == SHAPE
    assert out["uncertainty"].unique().tolist() == [round(entropy)]


def test_entropy_does_not_depend_on_what_is_added_to_logits():
    logits = 3 * torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(0))
    one, other = (
        LabelsWithUncertaintyd(4, "entropy")({"pred": x, "fov": INSIDE})["uncertainty"].int()
        for x in (logits, logits + 7)
    )
    assert (one - other).abs().max() <= 1


def test_labels_are_those_without_uncertainty():
    data = {"pred": torch.randn(3, *SHAPE), "fov": torch.rand(1, *SHAPE) < 0.6}
    expected = LogitsToLabelsd()(data)["labels"]
    for measure in (None, "none", "entropy"):
        out = LabelsWithUncertaintyd(3, measure, probabilities=True)(data)
        assert torch.equal(out["labels"], expected)
        assert ("uncertainty" in out) == (measure == "entropy")


def test_disagreement_is_the_last_channel_and_no_class():
    share = torch.rand(1, *SHAPE)
    data = {"pred": torch.cat([torch.randn(3, *SHAPE) - 9, share]), "fov": INSIDE}
    out = LabelsWithUncertaintyd(3, "disagreement")(data)
    assert torch.equal(out["uncertainty"], (255 * share[0]).round().to(torch.uint8))
    assert out["labels"].max() <= 2


def test_probabilities_are_bytes_that_nearly_add_up():
    logits = 2 * torch.randn(5, *SHAPE)
    out = LabelsWithUncertaintyd(5, probabilities=True)({"pred": logits, "fov": INSIDE})
    assert out["probabilities"].dtype == torch.uint8
    assert (out["probabilities"].float() / 255 - logits.softmax(0)).abs().max() <= 0.5 / 255 + 1e-6
    assert (out["probabilities"].int().sum(0) - 255).abs().max() <= 2


def test_nothing_is_said_outside_the_field_of_view():
    data = {"pred": torch.zeros(3, *SHAPE), "fov": ~INSIDE}
    out = LabelsWithUncertaintyd(3, "entropy", probabilities=True)(data)
    assert not out["uncertainty"].any()
    assert not out["probabilities"].any()
    assert (out["labels"] == 255).all()


@pytest.mark.parametrize(("measure", "channels"), [("entropy", 4), ("disagreement", 3), (None, 2)])
def test_refuses_what_does_not_match_the_classes(measure, channels):
    with pytest.raises(ValueError, match=f"'pred' has {channels} channels"):
        LabelsWithUncertaintyd(3, measure)({"pred": torch.zeros(channels, *SHAPE), "fov": INSIDE})


def test_refuses_unknown_measures_and_a_single_class():
    with pytest.raises(ScanError, match="none, entropy, disagreement, got 'variance'"):
        LabelsWithUncertaintyd(3, "variance")
    with pytest.raises(ValueError, match="two classes"):
        LabelsWithUncertaintyd(1, "entropy")


BINARY = [["dense", "matrix", "clay"], ["pore", "water"]]


def test_a_class_is_the_first_phase_that_it_covers():
    labels = torch.tensor([[0, 1], [1, 0]], dtype=torch.uint8)
    assert classes_to_phases(labels, BINARY).tolist() == [[4, 1], [1, 4]]


def test_what_has_no_label_keeps_none():
    assert classes_to_phases(torch.tensor([[1, 255]], dtype=torch.uint8), BINARY).tolist() == [[1, 255]]


def test_all_phases_stay_as_they_are():
    labels = torch.arange(5)
    assert torch.equal(classes_to_phases(labels, [[name] for name in PHASES]).long(), labels)


def test_a_class_without_a_phase_is_refused():
    with pytest.raises(ScanError, match="class 1 covers \\['gas'\\], none of the generator's phases"):
        classes_to_phases(torch.zeros(1), [["matrix"], ["gas"]])
