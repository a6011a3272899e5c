import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.data import make_styled_bank
from synfine_monai.data.styled_bank import StyledRocks


@pytest.fixture(scope="module")
def bank():
    return make_styled_bank("sandstone,concrete", styles=4, pairs=34, num_workers=0)


def test_every_style_has_as_many_patches(bank):
    assert bank["image"].shape == bank["label"].shape == (36, 1, 64, 64)
    assert bank["image"].dtype == torch.float16
    assert bank["label"].dtype == torch.uint8
    assert bank["style"].bincount().tolist() == [9, 9, 9, 9]


def test_labels_are_phases_of_the_generator(bank):
    assert int(bank["label"].max()) < len(PHASES)


def test_pores_are_darker_than_matrix_in_every_style(bank):
    for style in range(4):
        image, label = (bank[key][bank["style"] == style] for key in ("image", "label"))
        pore, matrix = (image[label == PHASES.index(name)].float().mean() for name in ("pore", "matrix"))
        assert pore < matrix


def test_matrix_differs_less_within_a_style_than_between_styles(bank):
    matrix = bank["label"] == PHASES.index("matrix")
    levels = torch.stack([i[m].float().median() for i, m in zip(bank["image"], matrix, strict=True) if m.any()])
    by_style = levels.view(4, 9)
    assert by_style.std(1).mean() < by_style.mean(1).std()


def test_workers_change_nothing_and_seed_decides(bank):
    again = make_styled_bank("sandstone,concrete", styles=4, pairs=34, num_workers=1)
    assert all(torch.equal(bank[key], again[key]) for key in bank)
    other = make_styled_bank("sandstone,concrete", styles=4, pairs=34, seed=1, num_workers=0)
    assert not torch.equal(bank["image"], other["image"])


def test_there_are_no_more_items_than_styles():
    with pytest.raises(IndexError):
        StyledRocks(["sandstone"], 2, 9)[2]
