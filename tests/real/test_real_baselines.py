"""The baselines are no straw men: on the real scans they reach what is known of them, within 0.01."""

import numpy as np
import pytest

from synfine_monai.baselines.grey_level import LookupBaseline, ThresholdBaseline
from synfine_monai.baselines.otsu import OtsuBaseline
from synfine_monai.baselines.random_forest import RandomForestBaseline
from synfine_monai.data import draw_patches, keep_patches_only, load_datalist, load_labelled_slices
from synfine_monai.data.task import merge_to_binary
from synfine_monai.metrics import confusion_matrix, segmentation_scores

pytestmark = pytest.mark.real


class Trial:
    """A real task: 16 labelled patches to learn from, test slices to be judged by."""

    def __init__(self, folder, binary=False, every=1):
        task = load_datalist(folder / "dataset.json")
        self.task = merge_to_binary(task) if binary else task
        slices = load_labelled_slices(self.task, "training")
        self.learned = keep_patches_only(slices, draw_patches(slices, 16, seed=0))
        self.test = load_labelled_slices(self.task, "test")[::every]

    def score(self, baseline, key):
        baseline.fit(self.learned)
        counts = [
            confusion_matrix(baseline.predict(s.image, s.fov), s.label, s.fov, self.task.num_classes) for s in self.test
        ]
        return segmentation_scores(counts, self.task.labels, self.task.pore_labels)[key]


@pytest.fixture(scope="module")
def concrete(real_data):
    return Trial(real_data / "concrete", binary=True)


@pytest.fixture(scope="module")
def sandstone(real_data):
    return Trial(real_data / "sandstone")


@pytest.fixture(scope="module")
def berea(real_data):
    return Trial(real_data / "berea", every=10)


def test_concrete_forest(concrete):
    assert concrete.score(RandomForestBaseline(), "pore_dice") > 0.919 - 0.01


def test_concrete_thresholds(concrete):
    assert concrete.score(ThresholdBaseline(2, (1,)), "pore_dice") > 0.914 - 0.01
    assert concrete.score(LookupBaseline(2), "pore_dice") > 0.914 - 0.01
    assert concrete.score(OtsuBaseline(concrete.task.phases), "pore_dice") > 0.87 - 0.01


def test_berea_forest(berea):
    assert berea.score(RandomForestBaseline(), "pore_dice") > 0.928 - 0.01


def test_berea_thresholds(berea):
    assert berea.score(ThresholdBaseline(2, (1,)), "pore_dice") > 0.90 - 0.01
    assert berea.score(OtsuBaseline(berea.task.phases), "pore_dice") > 0.90 - 0.01


@pytest.mark.slow
def test_sandstone_forest(sandstone):
    assert sandstone.score(RandomForestBaseline(), "mean_dice") > 0.937 - 0.01


def test_sandstone_lookup_tells_heavy_minerals_from_quartz(sandstone):
    per_class = sandstone.score(LookupBaseline(4), "per_class")
    assert np.all([per_class[name]["dice"] > 0.95 for name in ("quartz", "heavy mineral")])
