import errno
import os

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events

from synfine_monai.errors import ScanError
from synfine_monai.handlers import PorosityReport, SlabWriter, StoreWriter
from synfine_monai.scans import ChunkedOutput, chunks_left, new_scan_info, open_scan

SLABS = torch.randint(0, 3, (4, 3, 16, 20), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def run(folder, fail_at=None, name="labels.tif"):
    """Segment what is left; an ignite engine in the place of the network's, which gives a list of dicts as MONAI's."""
    like = new_scan_info(folder / "core.tif", (12, 16, 20), np.uint16, 6.0)
    output = ChunkedOutput(folder / name, like, 3 * 16 * 20, "a", counter=PorosityReport(folder, like, [1]))
    made = []

    def segment(engine, index):
        if index == fail_at:
            raise ScanError(f"slice {3 * index} cannot be read.")
        made.append(index)
        engine.state.batch = [{"start": torch.tensor(3 * index)}]
        return [{"labels": SLABS[index]}]

    engine = Engine(segment)
    StoreWriter([output]).attach(engine)
    engine.run(chunks_left([output]))
    return made


@pytest.fixture
def undisturbed(tmp_path):
    """What a writer without chunks makes of the same slabs."""
    folder = tmp_path / "undisturbed"
    engine = Engine(lambda engine, slab: [{"labels": slab}])
    like = new_scan_info(folder / "core.tif", (12, 16, 20), np.uint16, 6.0)
    SlabWriter(folder / "labels.tif", like).attach(engine)
    PorosityReport(folder, like, [1]).attach(engine)
    engine.run(SLABS)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_undisturbed_run(tmp_path, undisturbed):
    (folder := tmp_path / "out").mkdir()
    assert run(folder) == [0, 1, 2, 3]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == undisturbed


@pytest.mark.parametrize("fail_at", [1, 2, 3])
def test_a_run_that_failed_goes_on_and_ends_alike(tmp_path, undisturbed, capsys, fail_at):
    (folder := tmp_path / "out").mkdir()
    with pytest.raises(ScanError, match=f"slice {3 * fail_at}"):
        run(folder, fail_at)
    assert [path.name for path in folder.iterdir()] == [".labels.tif.chunks"]
    assert run(folder) == [0, 1, 2, 3][fail_at:]
    assert f"going on after {fail_at} of 4 chunks" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == undisturbed


def test_a_full_disk_is_one_line_and_costs_nothing_that_is_done(tmp_path, undisturbed, monkeypatch):
    (folder := tmp_path / "out").mkdir()
    flush, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > 4:  # two a chunk: its voxels and its name
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ScanError, match=r"No space left on device.* 2 of 4 chunks are done and stay") as caught:
            run(folder)
    assert "\n" not in str(caught.value)
    assert run(folder) == [2, 3]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == undisturbed


def test_a_run_killed_before_the_last_step_only_takes_that_step(tmp_path, undisturbed, monkeypatch):
    (folder := tmp_path / "out").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(ChunkedOutput, "finish", lambda self: (_ for _ in ()).throw(ScanError("killed here.")))
        with pytest.raises(ScanError, match="killed here"):
            run(folder)
    assert run(folder) == [3]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == undisturbed


def test_channels_go_into_a_volume_of_their_own(tmp_path):
    like = new_scan_info(tmp_path / "core.nii", (12, 16, 20), np.uint16)
    labels = ChunkedOutput(tmp_path / "l.nii", like, 960, "a")
    shares = ChunkedOutput(tmp_path / "p.nii", like, 960, "a", "probabilities", np.float32, 2)
    values = torch.rand(4, 2, 3, 16, 20)
    engine = Engine(lambda e, i: [{"labels": SLABS[i], "probabilities": values[i]}])
    engine.add_event_handler(
        Events.ITERATION_COMPLETED, lambda e: setattr(e.state, "batch", [{"start": 3 * (e.state.iteration - 1)}])
    )
    StoreWriter([labels, shares]).attach(engine)
    engine.run(range(4))
    assert (tmp_path / "p.nii").stat().st_size >= values.nbytes
    with open_scan(tmp_path / "l.nii") as written:
        np.testing.assert_array_equal(written.read(), SLABS.flatten(0, 1).numpy())


CLASSES = torch.randint(0, 5, (4, 3, 16, 20), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


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
    engine_for(tmp_path / name).run(CLASSES)
    with open_scan(tmp_path / name) as written:
        np.testing.assert_array_equal(written.read(), CLASSES.flatten(0, 1).numpy())
        assert written.voxel_size_um == (6.0, 6.0, 6.0)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_channels_are_kept(tmp_path):
    probabilities = torch.rand(4, 2, 3, 16, 20)
    engine = engine_for(tmp_path / "p.nii", lambda e, slab: [{"p": slab}], key="p", dtype=np.float32, channels=2)
    engine.run(probabilities)
    assert (tmp_path / "p.nii").stat().st_size >= probabilities.nbytes


def test_nothing_is_left_of_a_run_that_failed(tmp_path):
    with pytest.raises(ScanError, match="slice 6"):
        engine_for(tmp_path / "labels.tif", fail_at_third).run(CLASSES)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_volume_stays_whole_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "labels.tif"
    engine_for(path).run(CLASSES)
    before = path.read_bytes()
    with pytest.raises(ScanError):
        engine_for(path, fail_at_third).run(CLASSES)
    assert path.read_bytes() == before


def test_too_few_slabs_are_an_error(tmp_path):
    with pytest.raises(ScanError, match="9 of its 12 slices"):
        engine_for(tmp_path / "labels.tif").run(CLASSES[:3])
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_writing_ends_the_run(tmp_path):
    with pytest.raises(ScanError, match="takes slabs"):
        engine_for(tmp_path / "labels.tif").run([torch.zeros(3, 16, 21, dtype=torch.uint8)] * 4)
    assert list(tmp_path.iterdir()) == []
