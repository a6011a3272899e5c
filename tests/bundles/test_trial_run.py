"""The last check: the bundle's own test input, run elsewhere and compared with the sender's labels."""

import nibabel
import numpy as np
import pytest
from honest_bundle import make_honest, seal, write_volume, zipped

from synfine_monai.bundle import run_verb
from synfine_monai.sharing.check import check_bundle
from synfine_monai.sharing.judge import MOST_UNLIKE, compare_labels
from synfine_monai.sharing.packed_bundle import EXPECTED_LABELS, INFERENCE, TEST_INPUT


@pytest.mark.slow
def test_labels_must_be_those_of_the_sender(tmp_path):
    folder = make_honest(tmp_path)
    run_verb(folder / INFERENCE, scan=str(folder / TEST_INPUT), output_dir=str(tmp_path / "made"), device="cpu")
    made = np.asarray(nibabel.load(tmp_path / "made" / "input_labels.nii.gz").dataobj).transpose(2, 1, 0)
    write_volume(folder / EXPECTED_LABELS, made)
    accepted = check_bundle(zipped(seal(folder), tmp_path / "sent.zip"))
    assert accepted.accepted, accepted.text()
    assert "0.0000% of 4,096 voxels" in accepted.text()
    write_volume(folder / EXPECTED_LABELS, 1 - made)
    refused = check_bundle(seal(folder))
    assert "100.0000% of 4,096 voxels of the test input differ" in refused.findings[0]


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
