import torch

from synfine_monai.conventions import PHASES
from synfine_monai.data import make_synthetic_bank, synthetic_pairs, write_pairs

ALL = {phase: index for index, phase in enumerate(PHASES)}


def test_without_a_folder_pairs_are_those_of_the_generator():
    wanted = make_synthetic_bank("sandstone", ALL, 3, seed=5, num_workers=0)
    made = synthetic_pairs(None, "sandstone", ALL, 3, seed=5)
    assert all(torch.equal(made[name], wanted[name]) for name in ("image", "label"))


def test_a_folder_wins_over_the_rock(tmp_path):
    pairs = {"image": torch.ones(4, 1, 64, 64), "label": torch.full((4, 1, 64, 64), 3)}
    folder = write_pairs(tmp_path, pairs, "zscore", "by hand")
    made = synthetic_pairs(folder, "no such rock", {**ALL, "clay": 0}, 2)
    assert made["image"].shape == (2, 1, 64, 64)
    assert not made["label"].any()
