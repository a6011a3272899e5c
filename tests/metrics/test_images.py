import numpy as np
import pytest
import torch

from synfine_monai.errors import ScanError
from synfine_monai.metrics import image_set


@pytest.mark.parametrize("kind", [torch.float16, torch.float64, torch.uint8])
def test_torch_and_numpy_become_slices(kind):
    images = torch.arange(2 * 4 * 6).view(2, 1, 4, 6).to(kind)
    for given in (images, images.numpy()):
        assert image_set(given).shape == (2, 4, 6)
        assert image_set(given).dtype == np.float32


@pytest.mark.parametrize("shape", [(4, 8, 8), (4, 2, 8, 8), (0, 1, 8, 8)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ScanError, match=r"must be \(N, 1, H, W\)"):
        image_set(np.zeros(shape))


def test_what_is_not_finite_is_counted():
    images = np.zeros((2, 1, 8, 8))
    images[0, 0, :2] = np.nan
    with pytest.raises(ScanError, match="16 voxels"):
        image_set(images)
