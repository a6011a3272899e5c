import pytest
import torch

from synfine_monai.data import mixed_pool, synthetic_count
from synfine_monai.data.pool import with_margin
from synfine_monai.errors import ScanError

REAL = {"image": torch.zeros(3, 1, 8, 8), "label": torch.zeros(3, 1, 8, 8, dtype=torch.uint8)}
ROW = {"image": torch.arange(4.0).expand(2, 1, 4, 4).half(), "label": torch.ones(2, 1, 4, 4, dtype=torch.uint8)}


def test_the_image_is_reflected_into_the_margin_and_the_margin_has_no_label():
    out = with_margin(ROW, 8)
    assert out["image"][0, 0, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]
    assert (out["label"] == 255).sum() == 2 * (8 * 8 - 4 * 4)
    assert (out["label"][:, :, 2:6, 2:6] == 1).all()


def test_no_margin_leaves_patches_as_they_are():
    assert torch.equal(with_margin(ROW, 4)["image"], ROW["image"])
    assert torch.equal(with_margin(ROW, 4)["label"], ROW["label"])


def test_margins_may_be_wider_than_the_patch():
    assert with_margin(ROW, 20)["image"].shape == (2, 1, 20, 20)


@pytest.mark.parametrize("size", [2, 7])
def test_patches_that_cannot_lie_in_the_middle_are_refused(size):
    with pytest.raises(ValueError, match="do not fit"):
        with_margin(ROW, size)


def test_the_pool_holds_real_patches_first_then_synthetic_ones():
    pool = mixed_pool(REAL, lambda: ROW, 2)
    assert pool["image"].shape == pool["label"].shape == (5, 1, 8, 8)
    assert (pool["image"].dtype, pool["label"].dtype) == (torch.float32, torch.uint8)
    assert torch.equal(pool["image"][:3], REAL["image"])
    assert pool["label"][:3].max() == 0
    assert pool["label"][3:].max() == 255


def test_without_synthetic_patches_none_are_made():
    assert mixed_pool(REAL, lambda: 1 / 0, 0) is REAL


@pytest.mark.parametrize(("per_real", "count"), [(None, 0), (0, 0), (1, 16), (10, 160)])
def test_synthetic_patches_for_each_real_one(per_real, count):
    assert synthetic_count(16, per_real) == count


@pytest.mark.parametrize("per_real", [-1, 0.5, "many", True])
def test_refuses_what_is_no_count(per_real):
    with pytest.raises(ScanError, match="--synthetic_per_real takes"):
        synthetic_count(16, per_real)
