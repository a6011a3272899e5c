"""HDF5 as ilastik, Fiji, ITK and synchrotrons write it, damaged files, and labels opened by h5py."""

import json
import sys

import numpy as np
import pytest
import SimpleITK

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, new_scan_info, open_scan
from synfine_monai.scans.formats.hdf5 import split_dataset

h5py = pytest.importorskip("h5py")

VOLUME = np.random.default_rng(3).integers(0, 60_000, (12, 20, 18), dtype=np.uint16)
SIZE = (12.0, 6.0, 5.5)


def saved(path, size=SIZE, name="exported_data", volume=VOLUME, axistags=None, **options):
    with h5py.File(path, "a") as file:
        data = file.create_dataset(name, data=volume, **options)
        if size is not None:
            data.attrs["element_size_um"] = size
        if axistags:
            data.attrs["axistags"] = json.dumps({"axes": [{"key": key, "typeFlags": 2} for key in axistags]})
    return path


@pytest.mark.parametrize("options", [{}, {"chunks": (5, 8, 8), "compression": "gzip"}, {"chunks": (1, 20, 18)}])
def test_windows(tmp_path, options):
    with open_scan(saved(tmp_path / "core.h5", **options)) as scan:
        assert (scan.shape, scan.dtype, scan.voxel_size_um) == (VOLUME.shape, np.uint16, SIZE)
        for start, stop in [(3, 6), (0, 1), (0, 12), (5, 10), (11, 12), (2, 11)]:
            np.testing.assert_array_equal(scan.read(start, stop), VOLUME[start:stop])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (None, None),
        (np.float32([2.214, 2.214, 2.214]), (2.214,) * 3),
        ([0.0, 1.0, 1.0], None),
        ([1.0, 1.0], None),
        ([1.0, 12.0, 6.0, 5.5], None),
        ("six", None),
        ([1.0, 1.0, 1.0], (1.0, 1.0, 1.0)),
    ],
)
def test_voxel_size(tmp_path, size, expected):
    assert open_scan(saved(tmp_path / "core.h5", size)).voxel_size_um == expected


@pytest.mark.parametrize(
    ("shape", "axistags"),
    [((1, 12, 20, 18, 1), "tzyxc"), ((12, 20, 18, 1), "zyxc"), ((12, 20, 18, 1), None), ((1, 1, 12, 20, 18), None)],
)
def test_axes_of_length_one_are_left_out(tmp_path, shape, axistags):
    with open_scan(saved(tmp_path / "core.h5", volume=VOLUME.reshape(shape), axistags=axistags)) as scan:
        assert (scan.shape, scan.voxel_size_um) == (VOLUME.shape, SIZE)
        np.testing.assert_array_equal(scan.read(2, 4), VOLUME[2:4])


@pytest.mark.parametrize(
    ("shape", "axistags", "words"),
    [
        ((12, 20, 18), "xyz", "axes in the order x, y, z; a scan is stored as z, y, x"),
        ((3, 4, 20, 18), "czyx", "has 3 channels"),
        ((3, 4, 20, 18), "tzyx", "has 3 time points"),
        ((3, 4, 20, 18), None, "has the shape 3×4×20×18"),
        ((80, 18, 3), None, "is a colour image"),
        ((240, 18), "zy", "axes in the order z, y"),
    ],
)
def test_refuses_what_is_no_grey_level_volume(tmp_path, shape, axistags, words):
    path = saved(tmp_path / "core.h5", volume=VOLUME.ravel()[: np.prod(shape)].reshape(shape), axistags=axistags)
    with pytest.raises(ScanError, match=f"core.h5:/exported_data.*{words}"):
        open_scan(path)


def test_the_dataset_is_named_or_the_only_one(tmp_path):
    path = saved(tmp_path / "core.h5", name="entry/data/raw")
    saved(path, name="entry/angles", volume=np.arange(9.0), size=None)
    with open_scan(path) as scan:
        assert labels_path(scan.info, tmp_path / "out") == tmp_path / "out" / "core_labels.h5"
    saved(path, name="entry/flat", volume=VOLUME[:1])
    assert open_scan(path).shape == VOLUME.shape  # a single image beside the volume does not matter
    saved(path, name="other", volume=VOLUME // 2)
    with pytest.raises(ScanError, match=r"core\.h5 holds 2 datasets \(/entry/data/raw, /other\); name one of them, as"):
        open_scan(path)
    for name in ("/other", "other", "entry/flat"):
        with open_scan(f"{path}:{name}") as scan:
            np.testing.assert_array_equal(scan.read(), VOLUME[:1] if name == "entry/flat" else VOLUME // 2)
    for wrong in ("nothing", "entry"):
        with pytest.raises(ScanError, match=rf"core\.h5 has no dataset /{wrong}; its datasets are: /entry/angles, "):
            open_scan(f"{path}:{wrong}")
    with pytest.raises(ScanError, match=r"nowhere\.h5 does not exist"):
        open_scan(tmp_path / "nowhere.h5:/data")


def test_a_file_of_one_image_and_a_file_of_none(tmp_path):
    assert open_scan(saved(tmp_path / "flat.h5", volume=VOLUME[0])).shape == (1, 20, 18)
    path = saved(tmp_path / "numbers.nxs", volume=np.arange(5), size=None)
    with pytest.raises(ScanError, match=r"numbers\.nxs holds no dataset with three axes; it holds /exported_data"):
        open_scan(path)


@pytest.mark.parametrize(
    ("path", "file", "dataset"),
    [
        ("a/core.h5:/x/y", "a/core.h5", "/x/y"),
        ("core.HDF5:x", "core.HDF5", "/x"),
        ("core.h5", "core.h5", None),
        ("C:/core.h5", "C:/core.h5", None),
        ("C:/core.h5:/x", "C:/core.h5", "/x"),
        ("core.tif:0", "core.tif:0", None),
    ],
)
def test_names(path, file, dataset):
    assert [str(split_dataset(path)[0]), split_dataset(path)[1]] == [file, dataset]


@pytest.mark.parametrize("spacing", [(0.0055, 0.006, 0.012), (1.0, 1.0, 1.0)])
def test_a_file_by_itk(tmp_path, spacing):
    image = SimpleITK.GetImageFromArray(VOLUME)
    image.SetSpacing(spacing)
    SimpleITK.WriteImage(image, tmp_path / "core.h5")
    with open_scan(tmp_path / "core.h5") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)
        assert scan.voxel_size_um == (SIZE if spacing[0] < 1 else None)


@pytest.mark.parametrize("name", ["core.h5", "core.hdf5", "core.nxs"])
def test_labels_open_in_h5py(tmp_path, name):
    source = saved(tmp_path / name, name="volumes/raw")
    with open_scan(source) as scan:
        path = labels_path(scan.info, tmp_path / "out")
        with create_scan(path, scan.info) as sink:
            for start in range(0, 12, 5):
                sink.write(scan.read(start, min(start + 5, 12)) > 30_000)
    assert path.suffix == (".h5" if name == "core.nxs" else source.suffix)
    with h5py.File(path) as file:
        data = file["volumes/raw"]
        np.testing.assert_array_equal(data[()], VOLUME > 30_000)
        assert data.dtype == np.uint8
        assert tuple(data.attrs["element_size_um"]) == SIZE
        assert [axis.label for axis in data.dims] == ["z", "y", "x"]


def test_probabilities_are_the_first_axis(tmp_path):
    probabilities = np.random.default_rng(0).random((3, *VOLUME.shape), dtype=np.float32)
    like = new_scan_info(tmp_path / "p.h5", VOLUME.shape, np.float32, SIZE)
    with create_scan(like.path, like, np.float32, channels=3) as sink:
        sink.write(probabilities[:, :7])
        sink.write(probabilities[:, 7:])
    with h5py.File(like.path) as file:
        np.testing.assert_array_equal(file["data"][()], probabilities)
    with pytest.raises(ScanError, match="has 3 channels"):
        open_scan(like.path)


def test_damaged_files(tmp_path):
    path = saved(tmp_path / "core.h5", chunks=(4, 20, 18), compression="gzip")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ScanError, match=r"core\.h5 cannot be read as hdf5, it is cut short or damaged \(.*truncated"):
        open_scan(path)
    path.write_bytes(whole[:-6000] + bytes(3000) + whole[-3000:])
    with pytest.raises(ScanError, match=r"core\.h5.* cannot be read"), open_scan(path) as scan:
        scan.read()
    path.write_bytes(b"II*\0" * 100)
    with pytest.raises(ScanError, match=r"core\.h5 cannot be read as hdf5"):
        open_scan(path)


def test_nothing_was_written(tmp_path):
    with h5py.File(tmp_path / "core.h5", "w") as file:
        file.create_dataset("data", (9, 20, 18), np.uint16, chunks=(1, 20, 18))
    with pytest.raises(ScanError, match=r"core\.h5:/data holds no voxels"):
        open_scan(tmp_path / "core.h5")


def test_a_volume_over_several_files(tmp_path):
    saved(tmp_path / "part.h5", name="data")
    layout = h5py.VirtualLayout(VOLUME.shape, VOLUME.dtype)
    layout[...] = h5py.VirtualSource("part.h5", "data", VOLUME.shape)
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        file.create_virtual_dataset("data", layout)
    with open_scan(tmp_path / "whole.h5") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)
    (tmp_path / "part.h5").unlink()
    with pytest.raises(ScanError, match=r"whole\.h5:/data is spread over several files, and part\.h5 is missing"):
        open_scan(tmp_path / "whole.h5")


def test_compression_that_h5py_does_not_know(tmp_path, monkeypatch):
    path = saved(tmp_path / "core.h5", chunks=(4, 20, 18), compression="lzf")
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    with pytest.raises(ScanError, match=r"compressed with lzf \(32000\).*pip install hdf5plugin"):
        open_scan(path)


def test_without_the_library(tmp_path, monkeypatch):
    path = saved(tmp_path / "core.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ScanError, match=r"core\.h5 needs the library h5py.*pip install 'synfine_monai\[zarr\]'"):
        open_scan(path)


def test_labels_are_a_file_of_their_own(tmp_path):
    with open_scan(saved(tmp_path / "core.h5")) as scan, pytest.raises(ScanError, match="give the file alone"):
        create_scan(tmp_path / "out.h5:/labels", scan.info)
