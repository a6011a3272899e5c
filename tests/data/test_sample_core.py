import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile

from synfine_monai.data.sample_core import (
    FIELD_RADIUS,
    FIRST_TEST_SLICE,
    POROSITY,
    SHAPE,
    VOXEL_SIZE_UM,
    make_sample_core,
    pack_grains,
    scan_core,
)
from synfine_monai.errors import ScanError
from synfine_monai.survey import find_field_of_view


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample_core(tmp_path_factory.mktemp("sample")).parent


@pytest.fixture(scope="module")
def truth(sample: Path) -> np.ndarray:
    """Labels of all slices that have some, 255 elsewhere."""
    return np.minimum(read(sample / "labels_sparse.nii.gz"), read(sample / "labels_test.nii.gz"))


def read(path: Path) -> np.ndarray:
    """(D, H, W) voxels of a NIfTI, in the file's own type."""
    return np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0)


def test_datalist_names_files_that_are_there(sample):
    datalist = json.loads((sample / "dataset.json").read_text())
    assert datalist["voxel_size_um"] == VOXEL_SIZE_UM
    assert datalist["labels"] == {"0": "solid", "1": "pore"}
    assert datalist["phases"] == {"0": "matrix", "1": "pore"}
    for item in datalist["training"] + datalist["test"]:
        assert (sample / item["image"]).is_file()
        assert (sample / item["label"]).is_file()


def test_both_scans_hold_the_same_voxels_at_the_same_size(sample):
    nifti, tiff = nibabel.load(sample / "sample.nii.gz"), tifffile.TiffFile(sample / "sample.tif")
    with tiff:
        pages, resolution = tiff.asarray(), tiff.pages[0].tags["XResolution"].value
        assert tiff.imagej_metadata["unit"] == "um"
        assert tiff.imagej_metadata["spacing"] == VOXEL_SIZE_UM
    assert resolution[1] / resolution[0] == VOXEL_SIZE_UM
    assert nifti.header.get_xyzt_units()[0] == "micron"
    assert np.allclose(nifti.header.get_zooms(), VOXEL_SIZE_UM)
    assert pages.dtype == np.uint16
    assert pages.shape == SHAPE
    assert np.array_equal(read(sample / "sample.nii.gz"), pages)


def test_labels_are_few_and_the_truth_is_held_out(sample):
    sparse, held_out = read(sample / "labels_sparse.nii.gz"), read(sample / "labels_test.nii.gz")
    labelled, tested = (np.flatnonzero((volume != 255).any(axis=(1, 2))) for volume in (sparse, held_out))
    assert len(labelled) == 6
    assert labelled.max() < SHAPE[0] // 2
    assert tested.tolist() == list(range(FIRST_TEST_SLICE, SHAPE[0]))
    assert set(np.unique(sparse)) == set(np.unique(held_out)) == {0, 1, 255}
    assert (sparse[:, 0, 0] == 255).all(), "the corners lie outside the core"


def test_labels_by_hand_are_the_sparse_ones_with_zero_for_not_labelled(sample):
    sparse, by_hand = read(sample / "labels_sparse.nii.gz"), tifffile.imread(sample / "labels_by_hand.tif")
    assert by_hand.dtype == np.uint8
    for value, written in {255: 0, 0: 1, 1: 2}.items():
        assert np.array_equal(sparse == value, by_hand == written)


def test_another_seed_is_another_core_of_the_promised_porosity(truth):
    other = pack_grains(seed=5)[1]
    assert not np.array_equal(other[FIRST_TEST_SLICE:], truth[FIRST_TEST_SLICE:])
    assert np.mean(other[other != 255] == 1) == pytest.approx(POROSITY, abs=1e-4)


def test_pores_are_dark_but_no_threshold_finds_them_exactly(sample, truth):
    levels = read(sample / "sample.nii.gz")
    pores, solid = levels[truth == 1], levels[truth == 0]
    assert np.median(pores) < np.median(solid) / 2
    hits = {t: ((pores < t).sum(), (solid < t).sum()) for t in range(9_000, 30_000, 500)}
    best = max(2 * right / (right + wrong + len(pores)) for right, wrong in hits.values())
    assert 0.85 < best < 0.95


def test_scanner_measures_attenuation():
    from_axis = np.hypot(*np.mgrid[: SHAPE[1], : SHAPE[2]] - (SHAPE[1] - 1) / 2)
    disc, inside = (from_axis < 80).astype(float), from_axis < 75
    grey = scan_core(np.stack([disc, 0.5 * disc])).astype(float)
    assert grey[0][inside].mean() == pytest.approx(32_000, rel=0.01)
    assert grey[1][inside].mean() == pytest.approx(20_000, rel=0.01)
    assert grey[0][(from_axis > 83) & (from_axis < 88)].mean() == pytest.approx(8_000, rel=0.05), "air around the core"
    assert (grey[0][from_axis > FIELD_RADIUS] == 0).all(), "the corners are empty"


def test_field_of_view_is_the_scanned_disc(sample, truth):
    found = find_field_of_view(read(sample / "sample.nii.gz"))[FIRST_TEST_SLICE:]
    assert np.mean(found == (truth[FIRST_TEST_SLICE:] != 255)) > 0.99


def test_command_line_makes_the_same_files_again(sample, tmp_path):
    command = [sys.executable, "-m", "synfine_monai.command_line", "sample", "--output_dir", str(tmp_path)]
    done = subprocess.run([*command, "--seed", "0"], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == str(tmp_path / "dataset.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in sample.iterdir())
    for path in sample.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ScanError, match=r"cannot be written to .*taken .*--output_dir"):
        make_sample_core(tmp_path / "taken")
