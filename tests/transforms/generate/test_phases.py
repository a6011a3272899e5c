import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate import class_table, phase_mask

SANDSTONE = {"pore": 0, "clay": 1, "matrix": 2, "dense": 3, "water": 0}


def test_table_takes_phase_index_to_class():
    assert class_table(SANDSTONE).tolist() == [2, 0, 0, 1, 3]
    assert class_table(SANDSTONE).dtype == torch.uint8


@pytest.mark.parametrize("change", [{"glass": 4}, {"pore": 255}, {"pore": -1}])
def test_refuses_unknown_phases_and_classes_that_no_label_can_hold(change):
    with pytest.raises(ScanError, match="class_of_phase"):
        class_table({**SANDSTONE, **change})


def test_refuses_a_missing_phase():
    with pytest.raises(ScanError, match="water"):
        class_table({name: 0 for name in PHASES if name != "water"})


def test_mask_is_true_in_the_named_phases_only():
    phase = torch.arange(5, dtype=torch.uint8)
    assert phase_mask(phase, ("pore", "clay")).tolist() == [False, True, False, True, False]
