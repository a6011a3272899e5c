"""The last check: the bundle's own test input, run elsewhere and compared with the sender's labels."""

import nibabel
import numpy as np
import pytest
from honest_bundle import make_honest, seal, write_volume, zipped

from synfine_monai.bundle import run_verb
from synfine_monai.sharing.check import check_bundle
from synfine_monai.sharing.judge import MOST_UNLIKE, compare_labels
from synfine_monai.sharing.packed_bundle import EXPECTED_LABELS, INFERENCE, TEST_INPUT


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """An honest bundle, and the labels that its network gives its test scan, (D, H, W)."""
    folder, made = make_honest(tmp_path_factory.mktemp("sent")), tmp_path_factory.mktemp("made")
    run_verb(folder / INFERENCE, scan=str(folder / TEST_INPUT), output_dir=str(made), device="cpu")
    return folder, np.asarray(nibabel.load(made / "input_labels.nii.gz").dataobj).transpose(2, 1, 0)


@pytest.mark.slow
def test_labels_of_the_sender_are_found_again(labelled, tmp_path):
    folder, labels = labelled
    write_volume(folder / EXPECTED_LABELS, labels)
    accepted = check_bundle(zipped(seal(folder), tmp_path / "sent.zip"))
    assert accepted.accepted, accepted.text()
    assert "0.0000% of 4,096 voxels" in accepted.text()


@pytest.mark.slow
def test_other_labels_are_refused(labelled):
    folder, labels = labelled
    write_volume(folder / EXPECTED_LABELS, 1 - labels)
    assert "100.0000% of 4,096 voxels of the test input differ" in check_bundle(seal(folder)).findings[0]


def test_few_voxels_may_differ_and_no_more(tmp_path):
    labels = np.zeros((10, 50, 100), np.uint8)
    write_volume(tmp_path / "a.nii.gz", labels)
    allowed = round(MOST_UNLIKE * labels.size)
    labels.flat[:allowed] = 1
    write_volume(tmp_path / "b.nii.gz", labels)
    assert compare_labels(tmp_path / "a.nii.gz", tmp_path / "b.nii.gz")[0] == []
    labels.flat[allowed] = 1
    write_volume(tmp_path / "c.nii.gz", labels)
    assert "more than 0.01%" in compare_labels(tmp_path / "a.nii.gz", tmp_path / "c.nii.gz")[0][0]
    write_volume(tmp_path / "d.nii.gz", labels[:5])
    assert "expected" in compare_labels(tmp_path / "a.nii.gz", tmp_path / "d.nii.gz")[0][0]
