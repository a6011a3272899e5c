"""A scan that is removed while it is read: the right voxels come, or one clear line."""

import shutil
from contextlib import suppress

import numpy as np
import pytest
from written_scans import NAMES, RNG, written

from synfine_monai.data import SlabDataset
from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import FieldOfView, IntensityStatistics

STATISTICS = IntensityStatistics("zscore", 0.0, 1.0, (0.0, 1.0), (1.0,))
VOLUME = RNG.integers(1, 60_000, (5, 20, 24), dtype=np.uint16)


class Everywhere(FieldOfView):
    """A field of view without an outside."""

    shape = VOLUME.shape

    def slab(self, start, stop):
        return np.ones((stop - start, *VOLUME.shape[1:]), bool)


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    for part in (path, path.with_suffix(".zraw")):  # the voxels of an MHD are a file of their own
        part.unlink(missing_ok=True)


@pytest.mark.parametrize("name", [name.replace("6x7x5", "24x20x5") for name in NAMES])
def test_a_scan_that_is_removed_meanwhile_is_said(tmp_path, name):
    written(tmp_path / name, VOLUME)
    with open_scan(tmp_path / name) as scan:
        slabs = SlabDataset(scan, Everywhere(), STATISTICS, slab_voxels=480, chunks=[0, 4])
        remove(tmp_path / name)
        with suppress(ScanError):
            np.testing.assert_allclose(slabs[1]["image"][0], VOLUME[4:], rtol=1e-6)
            return  # an open file stays readable
        with pytest.raises(ScanError, match=r"was removed or moved while it was read, at slice 4: put it back"):
            slabs[1]


def test_zarr_chunks_that_are_removed_meanwhile_are_not_taken_for_empty_ones(tmp_path):
    written(tmp_path / "core.zarr", VOLUME)
    with open_scan(tmp_path / "core.zarr") as scan:
        scan.read()
        chunks = [file for file in (tmp_path / "core.zarr").rglob("*") if file.is_file() and file.name[0].isdigit()]
        for file in chunks:
            file.unlink()
        with pytest.raises(ScanError, match=r"core\.zarr.* was removed or moved while it was read"):
            scan.read(4, 5)


def test_a_slice_that_is_removed_meanwhile_is_named(tmp_path):
    written(tmp_path / "core", VOLUME)
    with open_scan(tmp_path / "core") as scan:
        (tmp_path / "core" / "slice_00003.tif").unlink()
        np.testing.assert_array_equal(scan.read(0, 3), VOLUME[:3])
        with pytest.raises(ScanError, match=r"core/slice_00003\.tif was removed or moved"):
            scan.read(2, 5)
