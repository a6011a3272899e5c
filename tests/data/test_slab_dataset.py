import numpy as np
import pytest
import torch
from written_scans import saved

from synfine_monai.data import SlabDataset
from synfine_monai.errors import ScanError
from synfine_monai.scans import open_scan
from synfine_monai.survey import FieldOfView, IntensityStatistics
from synfine_monai.transforms import fill_outside

STATISTICS = IntensityStatistics("zscore", 100.0, 10.0, (-6.0, 6.0), (1.0,))


class Disc(FieldOfView):
    """Right half inside, but nothing of the last two slices."""

    def __init__(self, shape):
        self.shape = shape

    def slab(self, start, stop):
        mask = np.zeros(self.shape, bool)
        mask[:-2, :, self.shape[2] // 2 :] = True
        return mask[start:stop]


@pytest.fixture
def scan(tmp_path):
    volume = np.random.default_rng(0).integers(50, 150, (11, 20, 24)).astype(np.uint8)
    with open_scan(saved(tmp_path / "scan.tif", volume)) as opened:
        yield opened


def test_slabs_make_up_the_whole_scan(scan):
    dataset = SlabDataset(scan, Disc(scan.shape), STATISTICS, slab_voxels=3 * 20 * 24)
    slabs = [dataset[i] for i in range(len(dataset))]
    assert [slab["start"] for slab in slabs] == [0, 3, 6, 9]
    assert [slab["image"].shape[1] for slab in slabs] == [3, 3, 3, 2]
    inside = torch.cat([slab["fov"] for slab in slabs], dim=1)[0].numpy()
    np.testing.assert_array_equal(inside, Disc(scan.shape).slab(0, 11))
    image = torch.cat([slab["image"] for slab in slabs], dim=1)[0].numpy()
    expected = fill_outside((scan.read().astype(np.float32) - 100) / 10, inside)
    np.testing.assert_allclose(image[:9], expected[:9], rtol=1e-6)
    assert (image[9:] == 0).all()  # a slab without any rock


def test_a_slab_holds_a_whole_slice_at_least(scan):
    dataset = SlabDataset(scan, Disc(scan.shape), STATISTICS, slab_voxels=1)
    assert len(dataset) == 11
    assert dataset[4]["image"].shape == (1, 1, 20, 24)


def test_any_order_gives_the_same_slabs(scan):
    dataset = SlabDataset(scan, Disc(scan.shape), STATISTICS, slab_voxels=2 * 20 * 24)
    forward = [dataset[i]["image"] for i in range(len(dataset))]
    for i in (5, 0, 3, 3, 1):
        assert torch.equal(dataset[i]["image"], forward[i])


def test_an_error_reaches_the_reader_of_its_slab(tmp_path):
    volume = np.ones((4, 20, 20), np.float32)
    volume[3, 2, 2] = np.nan
    with open_scan(saved(tmp_path / "scan.tif", volume)) as opened:
        dataset = SlabDataset(opened, Disc(opened.shape), STATISTICS, slab_voxels=400)
        for i in range(3):
            assert dataset[i]["start"] == i
        with pytest.raises(ScanError, match="slice 3"):
            dataset[3]


def test_only_the_chunks_asked_for_are_given(scan):
    dataset = SlabDataset(scan, Disc(scan.shape), STATISTICS, slab_voxels=3 * 20 * 24, chunks=[1, 3])
    whole = SlabDataset(scan, Disc(scan.shape), STATISTICS, slab_voxels=3 * 20 * 24)
    assert [slab["start"] for slab in (dataset[0], dataset[1])] == [3, 9]
    assert torch.equal(dataset[1]["image"], whole[3]["image"])
    with pytest.raises(IndexError, match="slabs 0 to 1"):
        dataset[2]


def test_a_scan_that_is_removed_meanwhile_is_said(tmp_path):
    path = tmp_path / "scan_20_20_4_uint8.raw"
    path.write_bytes(bytes(1600))
    with open_scan(path) as opened:
        dataset = SlabDataset(opened, Disc(opened.shape), STATISTICS, slab_voxels=400, chunks=[0, 3])
        path.unlink()
        with pytest.raises(ScanError, match="was removed or moved while it was read, at slice 3"):
            dataset[1]


def test_refuses_slices_that_are_too_small(tmp_path):
    path = saved(tmp_path / "thin.tif", np.ones((4, 15, 64), np.uint8))
    with open_scan(path) as opened, pytest.raises(ScanError, match=r"thin\.tif has slices of 15×64 .* 16×16"):
        SlabDataset(opened, Disc(opened.shape), STATISTICS)
