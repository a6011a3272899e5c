import shutil
from collections import namedtuple

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.scans import (
    ChunkedOutput,
    begin_outputs,
    begun_by,
    chunks_left,
    made_by,
    new_scan_info,
    open_scan,
    slices_done,
)

VOLUME = np.random.default_rng(0).integers(0, 5, (11, 16, 20)).astype(np.uint8)
SLAB = 3 * 16 * 20


class Seen:
    """A counter that keeps what it sees."""

    def __init__(self):
        self.slabs, self.written = [], 0

    def start(self):
        self.slabs = []

    def add(self, slab):
        self.slabs.append(slab)

    def write(self):
        self.written += 1


def output_for(path, signature="a", **options):
    like = new_scan_info(path.with_name(f"source_{path.name}"), VOLUME.shape, np.uint16, 6.0)
    return ChunkedOutput(path, like, SLAB, signature, **options)


def chunk(output, index):
    return VOLUME[slice(*output.store.bounds(index))]


@pytest.mark.parametrize("name", ["labels.tif", "labels.nii.gz", "labels.nrrd", "labels.ome.zarr", "labels"])
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_chunks_become_a_volume_in_any_order(tmp_path, name, order):
    output = output_for(tmp_path / name, counter=(seen := Seen()))
    output.begin()
    for index in order:
        assert not (tmp_path / name).exists()
        output.write(index, chunk(output, index))
    output.finish()
    with open_scan(tmp_path / name) as written:
        np.testing.assert_array_equal(written.read(), VOLUME)
        assert written.voxel_size_um == (6.0, 6.0, 6.0)
    np.testing.assert_array_equal(np.concatenate(seen.slabs), VOLUME)
    assert seen.written == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_run_goes_on_where_another_stopped(tmp_path):
    first = output_for(tmp_path / "labels.tif")
    first.begin()
    for index in (0, 2):
        first.write(index, chunk(first, index))
    first.leave()
    assert [path.name for path in tmp_path.iterdir()] == [".labels.tif.chunks"]
    second = output_for(tmp_path / "labels.tif", counter=(seen := Seen()))
    assert (chunks_left([second]), slices_done([second])) == ([1, 3], 6)
    second.begin()
    for index in chunks_left([second]):
        second.write(index, chunk(second, index))
    second.finish()
    with open_scan(tmp_path / "labels.tif") as written:
        np.testing.assert_array_equal(written.read(), VOLUME)
    np.testing.assert_array_equal(np.concatenate(seen.slabs), VOLUME)


def test_chunks_of_one_maker_are_not_those_of_another(tmp_path):
    plain = [output_for(tmp_path / "labels.tif")]
    assert begun_by(plain, ["a", "b"]) is None
    (first,) = made_by(plain, "b")
    first.begin()
    first.write(1, chunk(first, 1))
    first.leave()
    assert begun_by(plain, ["a", "b"]) == "b"
    assert begun_by([output_for(tmp_path / "labels.tif", signature="z")], ["a", "b"]) is None
    assert [chunks_left(made_by(plain, maker)) for maker in "ab"] == [[0, 1, 2, 3], [0, 2, 3]]


def test_another_signature_begins_anew_and_says_so(tmp_path, capsys):
    first = output_for(tmp_path / "labels.tif")
    first.begin()
    first.write(0, chunk(first, 0))
    first.leave()
    second = output_for(tmp_path / "labels.tif", signature="b")
    assert chunks_left([second]) == [0, 1, 2, 3]
    assert capsys.readouterr().out == ""
    second.begin()
    assert capsys.readouterr().out.count("\n") == 1
    second.leave()
    assert list(tmp_path.iterdir()) == []


def test_a_volume_that_lacks_chunks_gets_no_name(tmp_path):
    output = output_for(tmp_path / "labels.tif")
    output.begin()
    output.write(0, chunk(output, 0))
    output.write(3, chunk(output, 3))
    with pytest.raises(ScanError, match=r"labels\.tif lacks 2 of its 4 chunks"):
        output.finish()
    assert [path.name for path in tmp_path.iterdir()] == [".labels.tif.chunks"]
    assert output_for(tmp_path / "labels.tif").store.todo() == [1, 2]


def test_a_report_that_fails_keeps_the_chunks(tmp_path):
    output = output_for(tmp_path / "labels.tif", counter=(seen := Seen()))
    seen.write = lambda: (_ for _ in ()).throw(ScanError("no space for the report."))
    output.begin()
    for index in range(4):
        output.write(index, chunk(output, index))
    with pytest.raises(ScanError, match="report"):
        output.finish()
    output.leave()
    again = output_for(tmp_path / "labels.tif")
    assert (again.store.todo(), chunks_left([again])) == ([], [3]), "engines do not run on nothing"


def test_what_one_of_two_volumes_lacks_is_made_for_both(tmp_path):
    labels, other = output_for(tmp_path / "labels.tif"), output_for(tmp_path / "other.tif")
    begin_outputs([labels, other], chunks_left([labels, other]))
    labels.write(0, chunk(labels, 0))
    labels.write(1, chunk(labels, 1))
    other.write(0, chunk(other, 0))
    assert chunks_left([labels, other]) == [1, 2, 3]
    labels.leave()
    other.leave()


def test_the_disk_must_hold_chunks_and_volumes(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    labels, raw = output_for(tmp_path / "labels.tif"), output_for(tmp_path / "labels_20_16_11_uint8.raw")
    assert (labels.bytes_left(), raw.bytes_left()) == (1.25 * VOLUME.size, 2 * VOLUME.size)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 3.2 * VOLUME.size))
    with pytest.raises(ScanError, match=r"has 0\.00 GB left, but labels\.tif and labels_.* may need 0\.00 GB"):
        begin_outputs([labels, raw], [0, 1, 2, 3])
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 3.3 * VOLUME.size))
    begin_outputs([labels, raw], [0, 1, 2, 3])
    labels.write(0, chunk(labels, 0))
    assert labels.bytes_left() == 1.25 * VOLUME.size - chunk(labels, 0).size, "what is done needs no more room"
    for output in (labels, raw):
        output.leave()


def test_two_processes_cannot_make_one_volume(tmp_path):
    first, second = output_for(tmp_path / "labels.tif"), output_for(tmp_path / "labels.tif")
    first.begin()
    with pytest.raises(ScanError, match=r"labels\.tif is being made by process"):
        begin_outputs([second], [0, 1, 2, 3])
    for index in range(4):
        first.write(index, chunk(first, index))
    first.finish()
    with pytest.raises(ScanError, match="at the same time: start again"):
        begin_outputs([second], [3])
    assert [path.name for path in tmp_path.iterdir()] == ["labels.tif"]


def test_an_earlier_volume_stays_whole_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "labels.tif"
    path.write_bytes(b"earlier")
    output = output_for(path)
    output.begin()
    output.write(0, chunk(output, 0))
    assert path.read_bytes() == b"earlier"
    output.leave()
    assert path.read_bytes() == b"earlier"
