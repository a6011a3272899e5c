"""HDF5 is HDF5 under any extension: netCDF-4, MATLAB 7.3, .hdf, and names that say nothing."""

import h5py
import numpy as np
import pytest
from scipy.io import netcdf_file, savemat

from synfine_monai.errors import ScanError
from synfine_monai.scans import create_scan, labels_path, open_scan

VOLUME = np.random.default_rng(2).integers(0, 60_000, (5, 7, 6)).astype(np.uint16)
NAMES = ["core.hdf", "core.nc", "core.he5", "core.mat", "core.dat", "core", "core.ims"]


def written(path, before=0):
    with h5py.File(path, "w", userblock_size=before) as file:
        file["image"] = VOLUME
        file["x"] = np.arange(6)
        file["#refs#/a"] = np.zeros((2, 2, 2))
        file.attrs["voxel_size_xyz"], file.attrs["voxel_unit"] = [2.0, 3.0, 4.0], "um"
    return path


@pytest.mark.parametrize("name", NAMES)
def test_is_found_by_its_first_bytes(tmp_path, name):
    with open_scan(written(tmp_path / name)) as scan:
        assert (scan.info.format, scan.shape, scan.voxel_size_um) == ("hdf5", VOLUME.shape, (4.0, 3.0, 2.0))
        np.testing.assert_array_equal(scan.read(2, 4), VOLUME[2:4])
        path = labels_path(scan.info, tmp_path / "out")
        assert path.suffix == ".h5"
        with create_scan(path, scan.info) as sink:
            sink.write(VOLUME > 9)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["image"], VOLUME > 9)


def test_a_dataset_is_named_as_in_h5(tmp_path):
    written(tmp_path / "core.nc")
    with open_scan(f"{tmp_path}/core.nc:/image") as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)


def test_a_header_of_something_else_may_stand_before(tmp_path):
    with open_scan(written(tmp_path / "core.dat", before=512)) as scan:
        np.testing.assert_array_equal(scan.read(), VOLUME)


def test_a_file_may_have_a_colon_in_its_name(tmp_path):
    with open_scan(written(tmp_path / "core.h5:2.h5")) as scan:
        assert scan.shape == VOLUME.shape


def test_older_formats_of_the_same_extensions_are_named(tmp_path):
    savemat(tmp_path / "core.mat", {"image": VOLUME})
    with netcdf_file(tmp_path / "core.nc", "w") as file:
        for axis, n in zip("zyx", VOLUME.shape, strict=True):
            file.createDimension(axis, n)
        file.createVariable("image", "i4", ("z", "y", "x"))[:] = VOLUME
    (tmp_path / "core.hdf").write_bytes(b"\x0e\x03\x13\x01" + bytes(99))
    for name, words in (("core.mat", "save it with '-v7.3'"), ("core.nc", "nccopy -k nc4"), ("core.hdf", "h4toh5")):
        with pytest.raises(ScanError, match=words):
            open_scan(tmp_path / name)


def test_a_file_cut_short_is_one_sentence(tmp_path):
    content = written(tmp_path / "core.nc").read_bytes()
    (tmp_path / "core.nc").write_bytes(content[:-200])
    with pytest.raises(ScanError, match=r"core\.nc cannot be read as hdf5, it is cut short or damaged"):
        open_scan(tmp_path / "core.nc")
