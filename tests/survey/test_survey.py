import os
import pickle

import nibabel
import numpy as np
import pytest
import tifffile

from synfine_monai.scans import Scan, open_scan
from synfine_monai.survey import Memory, find_scan_field_of_view, measure_scan_intensity
from synfine_monai.survey.survey import files_signature, survey_of

GREY = np.random.default_rng(0).integers(100, 200, (6, 96, 96)).astype(np.uint8)


def save(path, volume):
    if path.suffix == ".gz":
        nibabel.save(nibabel.Nifti1Image(volume.transpose(2, 1, 0), np.eye(4)), path)
    else:
        tifffile.imwrite(path, volume)
    return path


def survey(path, mask=None, method="zscore"):
    with open_scan(path) as scan:
        fov = find_scan_field_of_view(scan, mask)
        return fov.slab(0, scan.shape[0]).mean(), measure_scan_intensity(scan, fov, method)


@pytest.fixture
def reads(monkeypatch):
    """Every window that is read."""
    seen, read = [], Scan.read

    def counted(self, *window):
        seen.append((self.info.path.name, *window))
        return read(self, *window)

    monkeypatch.setattr(Scan, "read", counted)
    return seen


@pytest.mark.parametrize("name", ["core.tif", "core.nii.gz"])
def test_a_scan_is_looked_at_once(tmp_path, reads, name):
    path = save(tmp_path / name, GREY)
    first = survey(path)
    assert len(reads) == (6 if name.endswith("gz") else 12)  # a deflated file is inflated once
    reads.clear()
    assert survey(path) == first
    assert not reads
    assert first[1].center == pytest.approx(GREY.mean())


def test_what_changed_is_found_anew_also_at_the_same_size_and_time(tmp_path):
    path = save(tmp_path / "core.tif", GREY)
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    before = survey(path)[1].center
    save(path, GREY + 20)
    os.utime(path, ns=times)
    assert survey(path)[1].center == pytest.approx(before + 20)


def test_another_mask_or_a_changed_one_is_another_field_of_view(tmp_path):
    path, mask = save(tmp_path / "core.tif", GREY), np.zeros(GREY.shape, np.uint8)
    mask[:, :48] = 1
    given = save(tmp_path / "mask.tif", mask)
    assert [survey(path)[0], survey(path, given)[0]] == [1, 0.5]
    mask[:, :72] = 1
    save(given, mask)
    assert survey(path, given)[0] == 0.75


def test_methods_have_their_own_grey_levels(tmp_path):
    path = save(tmp_path / "core.tif", GREY)
    assert [survey(path, method=m)[1].method for m in ("zscore", "median_mad", "zscore")] == [
        "zscore",
        "median_mad",
        "zscore",
    ]


def test_nothing_is_kept_of_files_that_may_name_others(tmp_path):
    (tmp_path / "core.mhd").write_text("ElementDataFile = elsewhere.raw")
    assert files_signature(tmp_path / "core.mhd") is None
    assert files_signature(tmp_path / "missing.tif") is None


def test_a_slice_of_a_folder_counts(tmp_path):
    for z in range(3):
        save(tmp_path / f"{z}.tif", GREY[z])
    before = files_signature(tmp_path)
    save(tmp_path / "1.tif", GREY[0])
    assert files_signature(tmp_path) != before


def test_fields_of_view_are_separate_and_can_be_pickled(tmp_path):
    with open_scan(save(tmp_path / "core.tif", GREY)) as scan:
        one, other = find_scan_field_of_view(scan), find_scan_field_of_view(scan)
        assert one is not other
        assert one.cores is other.cores
        assert survey_of(scan) is survey_of(scan)
        assert pickle.loads(pickle.dumps(one)).slab(0, 6).all()


def test_memory_is_bounded():
    memory, found = Memory(2), []
    for key in "abacab":
        memory.recall(key, lambda key=key: found.append(key) or key)
    assert found == ["a", "b", "c", "b"]
