import torch

from synfine_monai.data.datalist import Datalist
from synfine_monai.transforms.generate.phases import PHASES
from synfine_monai.transforms.phase_masks import phase_masks


def test_classes_become_their_first_phase_and_no_label_stays():
    task = Datalist("core", "sandstone", ("pore", "rock"), (("pore",), ("matrix", "clay")), (0,), {0: 0, 1: 1})
    labels = torch.tensor([[0, 1, 255]], dtype=torch.uint8)
    assert phase_masks(labels, task).tolist() == [[PHASES.index("pore"), PHASES.index("matrix"), 255]]
