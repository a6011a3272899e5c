import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from synfine_monai.survey import IntensityStatistics
from synfine_monai.survey.normalize import NormalizeIntensityInFieldOfView

NORMALIZE = NormalizeIntensityInFieldOfView(IntensityStatistics("zscore", 100.0, 20.0, (-6.0, 6.0), (1.0,)))


def test_grey_levels_become_deviations_from_the_scan_s_centre():
    image = torch.tensor([[[100, 120], [80, 140]]], dtype=torch.uint8)
    assert torch.equal(NORMALIZE(image), torch.tensor([[[0.0, 1.0], [-1.0, 2.0]]]))


@pytest.mark.parametrize("shape", [(1, 32, 40), (1, 3, 32, 40)])
def test_padding_outside_the_core_takes_the_core_s_level(shape):
    fov = np.zeros(shape, bool)
    fov[..., 8:24, 8:24] = True
    image = MetaTensor(np.where(fov, 120, 0).astype(np.int16), meta={"voxel_size_um": (2.0, 2.0, 2.0)})
    filled = NORMALIZE(image, fov)
    assert filled.shape == shape
    assert filled.dtype == torch.float32
    assert torch.allclose(filled.as_tensor(), torch.ones(shape))
    assert filled.meta["voxel_size_um"] == (2.0, 2.0, 2.0)
