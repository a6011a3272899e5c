import errno
import os
import pickle

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.scans import LabelStore

VOLUME = np.random.default_rng(0).integers(0, 5, (11, 6, 7)).astype(np.uint8)


@pytest.fixture
def store(tmp_path):
    store = LabelStore(tmp_path / ".labels.tif.chunks", VOLUME.shape, 3, signature="a")
    store.begin()
    yield store
    store.release()


def fill(store, chunks):
    for index in chunks:
        store.write(index, VOLUME[slice(*store.bounds(index))])


def test_chunks_in_any_order_make_up_the_volume(store):
    assert (len(store), store.todo(), store.bounds(3)) == (4, [0, 1, 2, 3], (9, 11))
    fill(store, [2, 0, 3])
    assert (store.todo(), store.has(1), store.has(2)) == ([1], False, True)
    fill(store, [1])
    assert store.todo() == []
    np.testing.assert_array_equal(np.concatenate([store.read_chunk(index) for index in range(4)]), VOLUME)


def test_channels_come_first(tmp_path):
    store = LabelStore(tmp_path / "s", (5, 4, 4), 2, np.float32, channels=3)
    store.begin()
    values = np.random.default_rng(1).random((3, 5, 4, 4), dtype=np.float32)
    for index in store.todo():
        store.write(index, values[:, slice(*store.bounds(index))])
    np.testing.assert_array_equal(store.read_chunk(1), values[:, 2:4])


def test_what_is_done_is_found_again_by_the_same_signature_alone(store):
    fill(store, [1])
    store.release()
    same = LabelStore(store.folder, VOLUME.shape, 3, signature="a")
    assert not same.begin()
    assert same.todo() == [0, 2, 3]
    same.release()
    for other in (LabelStore(store.folder, VOLUME.shape, 3, signature="b"), LabelStore(store.folder, VOLUME.shape, 4)):
        assert other.todo() == list(range(len(other)))
    assert other.begin()
    assert not list(store.folder.glob("*.raw"))
    other.release()
    assert not store.folder.exists(), "a store without chunks leaves no folder"


def test_a_late_writer_of_an_earlier_signature_changes_nothing(store):
    late = pickle.loads(pickle.dumps(LabelStore(store.folder, VOLUME.shape, 3, signature="old")))
    fill(store, [0])
    late.write(0, np.full((3, 6, 7), 9, np.uint8))
    np.testing.assert_array_equal(store.read_chunk(0), VOLUME[:3])
    assert store.done() == {0}


def test_a_chunk_that_is_short_or_damaged_is_done_again(store):
    fill(store, [0, 1])
    short, damaged = sorted(store.folder.glob("*.raw"))
    short.write_bytes(short.read_bytes()[:-1])
    content = bytearray(damaged.read_bytes())
    content[5] ^= 1
    damaged.write_bytes(content)
    assert store.done() == {1}
    with pytest.raises(ScanError, match=r"chunk 1 .* damaged .* start again"):
        store.read_chunk(1)
    assert store.done() == set()


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_what_fails_before_the_chunk_has_its_name_never_happened(store, monkeypatch, broken):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    fill(store, [0])
    monkeypatch.setattr(os, broken, full)
    with pytest.raises(ScanError, match=r"No space left on device.* 1 of 4 chunks are done and stay"):
        fill(store, [1])
    assert sorted(path.suffix for path in store.folder.iterdir()) == ["", ".raw"]


def test_what_a_killed_writer_left_is_swept_away(store):
    fill(store, [0])
    (store.folder / "000001-0123456789abcdef.1234.part").write_bytes(b"half")
    store.release()
    assert not store.begin()
    assert sorted(path.suffix for path in store.folder.iterdir()) == ["", ".raw"]


def test_a_folder_that_vanished_is_said(store):
    store.discard()
    with pytest.raises(ScanError, match="was removed while it was needed"):
        fill(store, [0])


def test_only_slabs_that_fit_are_taken(store):
    with pytest.raises(ValueError, match="chunk 3 is"):
        store.write(3, VOLUME[8:11])
    with pytest.raises(ValueError, match="uint8"):
        store.write(0, VOLUME[:3].astype(np.int16))
