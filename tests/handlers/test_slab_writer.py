import numpy as np
import pytest
import torch
from ignite.engine import Engine

from synfine_monai.errors import ScanError
from synfine_monai.handlers import SlabWriter
from synfine_monai.scans import new_scan_info, open_scan

SLABS = torch.randint(0, 5, (4, 3, 16, 20), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def engine_for(path, process=lambda engine, slab: [{"labels": slab}], **options):
    engine = Engine(process)
    SlabWriter(path, new_scan_info(path, (12, 16, 20), np.uint16, 6.0), **options).attach(engine)
    return engine


def fail_at_third(engine, slab):
    if engine.state.iteration == 3:
        raise ScanError("slice 6 cannot be read.")
    return [{"labels": slab}]


@pytest.mark.parametrize("name", ["labels.tif", "labels.nii.gz", "labels.nrrd", "labels"])
def test_slabs_become_a_volume(tmp_path, name):
    engine_for(tmp_path / name).run(SLABS)
    with open_scan(tmp_path / name) as written:
        np.testing.assert_array_equal(written.read(), SLABS.flatten(0, 1).numpy())
        assert written.voxel_size_um == (6.0, 6.0, 6.0)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_channels_are_kept(tmp_path):
    probabilities = torch.rand(4, 2, 3, 16, 20)
    engine = engine_for(tmp_path / "p.nii", lambda e, slab: [{"p": slab}], key="p", dtype=np.float32, channels=2)
    engine.run(probabilities)
    assert (tmp_path / "p.nii").stat().st_size >= probabilities.nbytes


def test_nothing_is_left_of_a_run_that_failed(tmp_path):
    with pytest.raises(ScanError, match="slice 6"):
        engine_for(tmp_path / "labels.tif", fail_at_third).run(SLABS)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_volume_stays_whole_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "labels.tif"
    engine_for(path).run(SLABS)
    before = path.read_bytes()
    with pytest.raises(ScanError):
        engine_for(path, fail_at_third).run(SLABS)
    assert path.read_bytes() == before


def test_too_few_slabs_are_an_error(tmp_path):
    with pytest.raises(ScanError, match="9 of its 12 slices"):
        engine_for(tmp_path / "labels.tif").run(SLABS[:3])
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_writing_ends_the_run(tmp_path):
    with pytest.raises(ScanError, match="takes slabs"):
        engine_for(tmp_path / "labels.tif").run([torch.zeros(3, 16, 21, dtype=torch.uint8)] * 4)
    assert list(tmp_path.iterdir()) == []
