import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import LabelledSlice


@pytest.fixture
def labelled_slice():
    """Makes slices of a rock whose classes are known by their grey level."""
    return make_slice


def make_slice(grey_of_class, seed=0, noise=0.1, size=96, fov=None, patches=None) -> LabelledSlice:
    """Blobs of K classes of equal share, with grey levels ``grey_of_class`` and Gaussian noise.

    ``patches`` are (y, x) corners of labelled 32×32 squares; None: all is labelled. Outside ``fov`` it is bright.
    """
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=(size, size)), 4)
    shares = np.quantile(field, np.linspace(0, 1, len(grey_of_class) + 1)[1:-1])
    label = np.digitize(field, shares).astype(np.uint8)
    image = np.asarray(grey_of_class, dtype=np.float32)[label]
    image += rng.normal(0, noise, image.shape).astype(np.float32)
    inside = np.ones(label.shape, dtype=bool) if fov is None else fov
    image[~inside] = 50.0
    known = inside.copy() if patches is None else np.zeros_like(inside)
    for y, x in patches or ():
        known[y : y + 32, x : x + 32] = True
    return LabelledSlice(image, np.where(known & inside, label, UNLABELLED).astype(np.uint8), inside, "rock", "A", 0)
