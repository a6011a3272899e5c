"""What writing promises: the name appears when all is there, and an error leaves nothing."""

import dataclasses
import sys

import numpy as np
import pytest
from written_scans import LABELS, NAMES, RNG, SHAPE, VOLUME, written

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan


def fill(path, source, slabs):
    """Write slabs until one of them is an error."""
    with create_scan(path, source) as sink:
        for slab in slabs:
            if isinstance(slab, Exception):
                raise slab
            sink.write(slab)


def test_labels_that_do_not_fit_are_no_labels(tmp_path):
    source = written(tmp_path / "core.nii")
    with pytest.raises(ValueError, match="Values 0 to 256 do not fit into uint8"):
        fill(tmp_path / "labels.nii", source, [np.linspace(0, 256, VOLUME.size, dtype=int).reshape(SHAPE)])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_killed_run_left_does_not_matter(tmp_path, name):
    source = written(tmp_path / name)
    path = labels_path(source, tmp_path / "out")
    killed = create_scan(path, source)
    killed.write(LABELS[:1])
    with create_scan(path, source) as sink:
        sink.write(LABELS)
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(), LABELS)
    assert {one.name for one in path.parent.iterdir()} - {"core_labels.zraw"} == {path.name}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_after_an_error(tmp_path, name):
    source = written(tmp_path / name)
    out = tmp_path / "out"
    path = labels_path(source, out)
    for slabs, error in [
        ([LABELS[:2], KeyError("stop")], "stop"),
        ([LABELS[:2]], "got 2 of its 5 slices"),
        ([LABELS[:4], LABELS[:2]], "has 5 slices, got slice 6"),
        ([np.zeros((2, 6, 7))], "takes slabs of d×7×6 voxels, got 2×6×7"),
    ]:
        with pytest.raises((KeyError, ScanError), match=error):
            fill(path, source, slabs)
        assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_name_appears_when_all_is_written(tmp_path, name):
    source = written(tmp_path / name)
    path = labels_path(source, tmp_path / "out")
    (tmp_path / "out").mkdir()
    with create_scan(path, source) as sink:
        sink.write(LABELS)
        assert not path.exists()
    assert path.exists()
    with pytest.raises(KeyError, match="stop"):
        fill(path, source, [np.zeros_like(VOLUME), KeyError("stop")])  # what was there before stays
    with open_scan(path) as scan:
        np.testing.assert_array_equal(scan.read(), LABELS)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_one_sentence(tmp_path, name):
    import resource

    source = written(tmp_path / name)
    like = dataclasses.replace(source, shape=(5, 300, 300))
    noise = RNG.integers(0, 256, (5, 300, 300), dtype=np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limits[1]))
    try:
        with pytest.raises(ScanError, match=r"cannot be written \(File too large\)"):
            fill(labels_path(like, tmp_path / "out"), like, [noise])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path):
    source = written(tmp_path / "core.nii")
    with pytest.raises(ScanError, match=r"core\.nii/labels\.nii cannot be written"):
        create_scan(tmp_path / "core.nii" / "labels.nii", source)
    with pytest.raises(ScanError, match="is the scan itself"):
        create_scan(tmp_path / "core.nii", source)
