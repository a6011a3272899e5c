import numpy as np
import pytest
import torch

from synfine_monai.data import (
    SyntheticPatches,
    class_of_phase,
    draw_patches,
    load_datalist,
    load_labelled_slices,
    patch_tensors,
)
from synfine_monai.metrics import real_or_synthetic_auc

pytestmark = pytest.mark.real


def test_the_right_preset_looks_more_like_concrete_than_the_wrong_one(real_data):
    task = load_datalist(real_data / "concrete" / "dataset.json")
    slices = load_labelled_slices(task, "training")
    real = patch_tensors(slices, draw_patches(slices, 80, seed=0))["image"][:, 0].numpy()
    aucs = {}
    for rock in ("concrete", "sandstone"):
        made = SyntheticPatches(rock, class_of_phase(task), 80, patches_per_volume=1, volume_size=(64, 64))
        images = torch.cat([made[index][0]["image"] for index in range(80)]).numpy()
        assert np.isfinite(images).all()
        aucs[rock] = real_or_synthetic_auc(real, images)
    assert 0.5 < aucs["concrete"] <= aucs["sandstone"]
