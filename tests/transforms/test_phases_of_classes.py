import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.transforms import classes_to_phases

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
