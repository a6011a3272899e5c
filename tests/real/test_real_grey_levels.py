"""Real scans are brought onto the grey scale of training, whatever part or export of them comes."""

import numpy as np
import pytest

from synfine_monai.data import load_datalist, load_labelled_slices, specimen_statistics
from synfine_monai.survey import RawScale, describe_grey_levels, measure_intensity

pytestmark = pytest.mark.real
TASKS = {"sandstone": False, "berea": False, "concrete": True}


@pytest.fixture(scope="module", params=TASKS)
def known(request, real_data):
    """A task, its slices (training), and what a model that segments like the labels would keep of them."""
    task = load_datalist(real_data / request.param / "dataset.json", binary=TASKS[request.param])
    slices = load_labelled_slices(task, "training")
    own = specimen_statistics(task, slices[0].specimen)
    kept = describe_grey_levels(
        [RawScale(own.dtype, own.center, own.scale)], [s.image for s in slices], [s.label for s in slices]
    )
    return task, slices, own, kept.to_dict()


def test_slices_of_the_training_specimen_stay_as_they_were_to_the_last_digit(known):
    task, slices, _, grey_levels = known
    for before, after in zip(slices, load_labelled_slices(task, "training", "zscore", grey_levels), strict=True):
        assert np.array_equal(before.image, after.image)


def raw(one, own) -> np.ndarray:
    grey = one.image * own.scale + own.center
    return grey.round().astype(own.dtype) if own.dtype.startswith("uint") else grey.astype(np.float32)


def crops(slices, own, side=128, count=12):
    """Raw grey levels of crops that lie in the core, and their masks."""
    random, found = np.random.default_rng(0), []
    while len(found) < count:
        one = slices[random.integers(len(slices))]
        y, x = (random.integers(size - side + 1) for size in one.fov.shape)
        cut = np.s_[y : y + side, x : x + side]
        if one.fov[cut].mean() > 0.95:
            found.append((raw(one, own)[cut][None], one.fov[cut][None]))
    return found


def test_crops_are_taken_on_the_scale_of_training(known):
    _, slices, own, grey_levels = known
    for grey, fov in crops(slices, own):
        assert measure_intensity([grey], [fov], "zscore", grey_levels).center == own.center


@pytest.mark.parametrize(("gain", "offset"), [(1.5, 3.0), (0.6, -1.0), (0.001, 0.0)])
def test_gain_and_offset_of_whole_slices_are_found(known, gain, offset):
    _, slices, own, grey_levels = known
    volumes = [gain * (raw(s, own).astype(np.float32) + offset * own.scale)[None] for s in slices[:4]]
    found = measure_intensity(volumes, [s.fov[None] for s in slices[:4]], "zscore", grey_levels)
    assert found.scale == pytest.approx(gain * own.scale, rel=0.05)
    assert found.center == pytest.approx(gain * (own.center + offset * own.scale), abs=0.06 * gain * own.scale)
