import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate import paint_masks, rock_names


@pytest.fixture
def masks():
    masks = torch.zeros(4, 1, 64, 64, dtype=torch.uint8)
    masks[..., :20] = PHASES.index("pore")
    masks[..., 40:] = PHASES.index("dense")
    return masks


@pytest.mark.parametrize("rock", rock_names())
def test_phases_lie_in_their_order_and_on_the_scale_of_a_zscore(rock, masks):
    images = paint_masks(rock, masks)
    assert images.shape == masks.shape
    assert images.mean() == pytest.approx(0, abs=1e-4)
    assert images.std() == pytest.approx(1, abs=1e-4)
    pore, matrix, dense = (images[masks == PHASES.index(name)].mean() for name in ("pore", "matrix", "dense"))
    assert pore < matrix < dense


def test_what_has_no_label_is_matrix(masks):
    bare = masks.clone()
    bare[masks == 0] = 255
    assert torch.equal(paint_masks("sandstone", bare, seed=2), paint_masks("sandstone", masks, seed=2))
