"""Bundles that were packed earlier stay readable and give their labels, by their own configuration and by ours.

The files in ``stored`` are never packed anew: ``tiny_rock_version_1.zip`` is of the day that format version 1 was made,
``tiny_rock_before_doors.zip`` of the last day before the rooms got their doors. A later version of the format gets a
file of its own. Their network (channels 4, 8, 16) learned from procedural texture; the test scan is one slice, to keep
them small.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_core import CONFIGS, refusal

from synfine_monai.bundle import run_verb
from synfine_monai.networks import load_network, read_model_info
from synfine_monai.scans import open_scan
from synfine_monai.sharing.check import check_bundle
from synfine_monai.sharing.packed_bundle import (
    EXPECTED_LABELS,
    INFERENCE,
    MODEL_WEIGHTS,
    REQUIRED_FILES,
    TEST_INPUT,
    hash_file,
    read_manifest,
)

STORED = sorted(Path(__file__).with_name("stored").glob("*.zip"))
ON_CPU = {"device": "cpu", "precision": "float32"}


@pytest.fixture(scope="module", params=STORED, ids=lambda path: path.stem)
def archive(request) -> Path:
    return request.param


@pytest.fixture(scope="module")
def bundle(archive, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("received")
    shutil.unpack_archive(archive, folder)
    return folder / "tiny_rock"


def unlike(folder: Path, bundle: Path) -> int:
    """Voxels whose labels are not those of the sender's day; one may tie on another machine."""
    with open_scan(folder / "input_labels.nii.gz") as found, open_scan(bundle / EXPECTED_LABELS) as told:
        labels, expected = found.read(), told.read()
    assert set(np.unique(expected)) == {0, 1}
    return int((labels != expected).sum())


def test_its_manifest_is_of_version_1_and_true(bundle):
    manifest = read_manifest(bundle)
    assert manifest.format_version == 1
    assert set(REQUIRED_FILES) <= set(manifest.files)
    assert {name: hash_file(bundle / name) for name in manifest.files} == dict(manifest.files)


def test_its_network_is_built_from_what_it_says_of_itself(bundle):
    assert read_model_info(bundle / MODEL_WEIGHTS)["labels"] == ["solid", "pore"]
    assert load_network(bundle / MODEL_WEIGHTS).head.in_channels == 4


def test_its_own_configuration_gives_the_labels_of_that_day(bundle, tmp_path):
    run_verb(bundle / INFERENCE, scan=bundle / TEST_INPUT, output_dir=tmp_path, **ON_CPU)
    assert unlike(tmp_path, bundle) <= 1


def test_its_data_in_our_inference_give_them_too(archive, bundle, tmp_path):
    run_verb(CONFIGS / "inference.yaml", scan=bundle / TEST_INPUT, checkpoint=archive, output_dir=tmp_path, **ON_CPU)
    assert unlike(tmp_path, bundle) <= 1


def test_it_is_accepted(archive):
    verdict = check_bundle(archive)
    assert verdict.accepted, verdict.text()
    assert "0.0000% of 4,096 voxels" in verdict.text()


def test_a_zip_that_is_refused_is_no_checkpoint(archive, bundle, tmp_path):
    (tmp_path / "cut.zip").write_bytes(archive.read_bytes()[:-5])
    said = refusal("inference", scan=str(bundle / TEST_INPUT), checkpoint=str(tmp_path / "cut.zip"),
                   output_dir=str(tmp_path))  # fmt: skip
    assert "cut.zip is refused: the zip is cut short" in said


def test_it_stays_small(archive):
    assert archive.stat().st_size < 40_000
