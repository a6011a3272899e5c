"""A bundle of format version 1, packed on the day that the format was made, stays readable and gives its labels.

``stored/tiny_rock_version_1.zip`` is never packed anew; a later version of the format gets a file and a test of its
own. Its network (channels 4, 8, 16) learned from procedural texture; its test scan is one slice, to keep it small.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from synfine_monai.bundle import run_verb
from synfine_monai.networks import load_network, read_model_info
from synfine_monai.scans import open_scan
from synfine_monai.sharing.packed_bundle import (
    EXPECTED_LABELS,
    INFERENCE,
    MODEL_WEIGHTS,
    REQUIRED_FILES,
    TEST_INPUT,
    hash_file,
    read_manifest,
)

STORED = Path(__file__).with_name("stored") / "tiny_rock_version_1.zip"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("received")
    shutil.unpack_archive(STORED, folder)
    return folder / "tiny_rock"


def test_its_manifest_is_of_version_1_and_true(bundle):
    manifest = read_manifest(bundle)
    assert manifest.format_version == 1
    assert set(REQUIRED_FILES) <= set(manifest.files)
    assert {name: hash_file(bundle / name) for name in manifest.files} == dict(manifest.files)


def test_its_network_is_built_from_what_it_says_of_itself(bundle):
    assert read_model_info(bundle / MODEL_WEIGHTS)["labels"] == ["solid", "pore"]
    assert load_network(bundle / MODEL_WEIGHTS).head.in_channels == 4


def test_its_own_configuration_gives_the_labels_of_that_day(bundle, tmp_path):
    run_verb(bundle / INFERENCE, scan=bundle / TEST_INPUT, output_dir=tmp_path, device="cpu", precision="float32")
    with open_scan(tmp_path / "input_labels.nii.gz") as found, open_scan(bundle / EXPECTED_LABELS) as told:
        labels, expected = found.read(), told.read()
    assert set(np.unique(expected)) == {0, 1}
    assert (labels != expected).sum() <= 1  # one voxel may tie on another machine


def test_it_stays_small():
    assert STORED.stat().st_size < 40_000
