import json

import numpy as np
import pytest
import tifffile
import torch
from torch import nn

from synfine_monai.data import load_datalist, load_labelled_slices, specimen_statistics
from synfine_monai.inferers import training_grey_levels
from synfine_monai.survey import GreyScale


class Threshold(nn.Module):
    """Pore below zero, and grows wrong at the borders of what it sees, as a network does by its padding."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, image):
        logits = torch.cat([image, -image], 1)
        border = torch.ones_like(image)
        border[..., 2:-2, 2:-2] = 0
        return logits * (1 - 2 * border)


def write_task(folder):
    """A datalist of one scan, 3×256×256: blocks of pores at 800 in matrix at 2000, noise of 60, all labelled."""
    rng = np.random.default_rng(0)
    pores = (rng.random((3, 32, 32)) < 0.25).repeat(8, 1).repeat(8, 2)
    grey = np.where(pores, 800.0, 2000.0) + rng.normal(0, 60, pores.shape)
    for name, volume in (("scan", grey.astype(np.uint16)), ("labels", pores.astype(np.uint8))):
        tifffile.imwrite(folder / f"{name}.tif", volume, photometric="minisblack", metadata={"axes": "ZYX"})
    item = {"image": "scan.tif", "label": "labels.tif", "specimen": "A"}
    content = {"labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"}, "training": [item]}
    (folder / "dataset.json").write_text(json.dumps({**content, "test": [{**item, "specimen": "B"}]}))
    return folder / "dataset.json"


def test_a_model_keeps_how_grey_its_network_finds_each_class(tmp_path):
    task = load_datalist(write_task(tmp_path))
    slices = load_labelled_slices(task, "training")
    network = Threshold().train()
    kept = GreyScale.from_dict(training_grey_levels(network, slices, task))
    own = specimen_statistics(task, slices[0].specimen)
    assert [(s.center, s.scale) for s in kept.scans] == [(own.center, own.scale)]
    middles = np.convolve(kept.bin_edges, [0.5, 0.5], "valid")
    bright, dark = (np.asarray(one) @ middles for one in kept.classes)
    assert dark < 0 < bright
    assert [sum(one) for one in kept.classes] == pytest.approx([1, 1], abs=1e-3)
    assert network.training
