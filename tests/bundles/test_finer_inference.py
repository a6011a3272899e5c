"""``finer_inference.yaml`` merges over ``inference.yaml``: views, flips, ensembles, and how sure the labels are."""

import numpy as np
import pytest
import tifffile
from monai.bundle import run
from tiny_core import CONFIGS, TINY_TRAINING, make_core, write_tiff

from synfine_monai.bundle import run_verb
from synfine_monai.bundle.plain_errors import find_scan_error
from synfine_monai.scans import open_scan

pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file")

FILES = [str(CONFIGS / name) for name in ("inference.yaml", "finer_inference.yaml")]


def finer(scan, folder, files=FILES, **options):
    run(config_file=files, scan=str(scan), output_dir=str(folder), precision="float32", **options)
    return folder


def labels(folder, entry="labels"):
    return tifffile.imread(folder / f"core_{entry}.tif")


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    return write_tiff(tmp_path_factory.mktemp("scan") / "core.tif", make_core((60, 40, 44))[0])


def test_a_single_view_is_plain_inference(pretrained, scan, tmp_path):
    options = {"checkpoint": str(pretrained), "slab_voxels": 8 * 40 * 44}
    one = finer(scan, tmp_path / "one", FILES[:1], **options)
    same = finer(scan, tmp_path / "same", views="z", flips=1, uncertainty="none", **options)
    assert sorted(file.name for file in one.iterdir()) == sorted(file.name for file in same.iterdir())
    assert np.array_equal(labels(one), labels(same))


def test_views_do_not_depend_on_the_slabs_and_say_how_sure_they_are(pretrained, scan, tmp_path):
    options = {"checkpoint": str(pretrained), "probabilities": True}
    whole = finer(scan, tmp_path / "whole", slab_voxels=60 * 40 * 44, **options)
    slabs = finer(scan, tmp_path / "slabs", slab_voxels=1, **options)
    for entry in ("labels", "uncertainty", "probabilities"):
        difference = labels(whole, entry).astype(int) - labels(slabs, entry).astype(int)
        assert (difference != 0).mean() < 1e-3, entry
    shares, unsure = open_scan(whole / "core_uncertainty.tif"), labels(whole, "uncertainty")
    assert shares.voxel_size_um == (5.0, 5.0, 5.0)
    assert unsure.dtype == np.uint8
    assert unsure[labels(whole) == 255].max(initial=0) == 0
    assert 0 < unsure.mean() < 255


def test_two_models_disagree_where_one_of_them_is_outvoted(pretrained, sample, scan, tmp_path):
    run_verb(CONFIGS / "train.yaml", datalist=str(sample.datalist), output_dir=str(tmp_path / "other"), seed=5,
             **TINY_TRAINING)  # fmt: skip
    options = {"checkpoint": str(pretrained), "ensemble": str(tmp_path / "other"), "views": "z", "flips": 1}
    folder = finer(scan, tmp_path / "both", uncertainty="disagreement", **options)
    assert set(np.unique(labels(folder, "uncertainty"))) <= {0, 128}
    one, other = (
        finer(scan, tmp_path / name, FILES[:1], checkpoint=str(model))
        for name, model in (("one", pretrained), ("second", tmp_path / "other"))
    )
    inside = labels(folder) != 255
    assert np.array_equal((labels(one) != labels(other))[inside], (labels(folder, "uncertainty") > 0)[inside])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"views": "zq"}, "--views takes the axes"),
        ({"flips": 3}, "--flips takes 1 (none), 4 or 8, got 3"),
        ({"uncertainty": "variance"}, "--uncertainty takes none, entropy, disagreement, got 'variance'"),
        ({"ensemble": "nowhere.pt"}, "nowhere.pt does not exist"),
        ({"voxel_size_um": [10, 5, 5]}, "views along y and x need sides that differ by at most 1 %"),
        ({"veiws": "z"}, "did you mean --views"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(options, words, pretrained, scan, tmp_path):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (MONAI wraps it)
        finer(scan, tmp_path / "out", checkpoint=str(pretrained), **options)
    assert words in str(find_scan_error(caught.value))


@pytest.mark.slow
def test_views_and_ensembles_are_shared_out_to_processes(pretrained, sample, scan, tmp_path):
    run_verb(CONFIGS / "train.yaml", datalist=str(sample.datalist), output_dir=str(tmp_path / "other"), seed=5,
             **TINY_TRAINING)  # fmt: skip
    options = {"checkpoint": str(pretrained), "ensemble": str(tmp_path / "other"), "uncertainty": "disagreement"}
    one = finer(scan, tmp_path / "one", **options)
    many = finer(scan, tmp_path / "many", [*FILES, str(CONFIGS / "dask_inference.yaml")], threads=1, **options)
    assert sorted(file.name for file in one.iterdir()) == sorted(file.name for file in many.iterdir())
    for entry in ("labels", "uncertainty"):
        assert np.array_equal(labels(one, entry), labels(many, entry)), entry
    assert labels(many, "uncertainty").any()
