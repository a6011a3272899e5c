import numpy as np
import pytest
import torch

from synfine_monai.transforms.corrupt import RandCorruptd, Saturation


def test_parameters_are_spread_log_uniformly_and_prob_is_kept():
    part = RandCorruptd("image", Saturation, {"level": (0.1, 10.0)}, prob=0.3).set_random_state(seed=0)
    drawn = [part(dict(image=torch.tensor([100.0])))["image"].item() for _ in range(2000)]
    changed = [value for value in drawn if value < 100]
    assert len(changed) == pytest.approx(600, rel=0.1)
    assert np.median(changed) == pytest.approx(1.0, rel=0.25)


@pytest.mark.parametrize("ends", [(0.0, 1.0), (2.0, 1.0)])
def test_refuses_ranges_that_cannot_be_drawn_from(ends):
    with pytest.raises(ValueError, match="range of level"):
        RandCorruptd("image", Saturation, {"level": ends})
