"""The tiny core, and networks trained on it for a moment: enough to run every verb."""

import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from tiny_core import CONFIGS, TINY_TRAINING, TINY_TUNING, VOXEL_SIZE_UM, Sample, make_core, write_datalist, write_tiff

from synfine_monai.bundle import run_verb


@pytest.fixture(autouse=True)
def _own_process(monkeypatch):
    """Verbs in this process: what they install for the whole of it goes again."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv("MPLBACKEND", "agg")


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Sample:
    """The tiny core; slices 0, 2 and 4 are labelled for training, slice 5 for the test."""
    folder = tmp_path_factory.mktemp("sample")
    image, truth = make_core((6, 96, 96))
    training, test = np.full_like(truth, 255), np.full_like(truth, 255)
    training[:5:2], test[5] = truth[:5:2], truth[5]
    affine = np.diag([VOXEL_SIZE_UM / 1000] * 3 + [1])
    nifti = nibabel.Nifti1Image(image.transpose(2, 1, 0), affine)
    nifti.header.set_xyzt_units("mm")
    nibabel.save(nifti, folder / "core.nii.gz")
    write_tiff(folder / "test_labels.tif", test)
    scan, labels = write_tiff(folder / "core.tif", image), write_tiff(folder / "labels.tif", training)
    return Sample(folder, scan, folder / "core.nii.gz", labels, write_datalist(folder / "dataset.json"), image, truth)


@pytest.fixture(scope="session")
def pretrained(sample, tmp_path_factory) -> Path:
    """Results folder of a tiny pre-training on the task's classes."""
    folder = tmp_path_factory.mktemp("pretrained")
    run_verb(CONFIGS / "train.yaml", datalist=str(sample.datalist), output_dir=str(folder), **TINY_TRAINING)
    return folder


@pytest.fixture(scope="session")
def tuned(sample, pretrained, tmp_path_factory) -> Path:
    """Results folder of a tiny fine-tuning from it, with baselines."""
    folder = tmp_path_factory.mktemp("tuned")
    options = {"datalist": str(sample.datalist), "checkpoint": str(pretrained), "output_dir": str(folder)}
    run_verb(CONFIGS / "finetune.yaml", **options, **TINY_TUNING)
    return folder
