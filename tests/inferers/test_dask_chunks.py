"""Chunks by dask: the function that each task is, in this process; and clusters, which are slow to start."""

import os
import pickle
import signal
import sys
from dataclasses import replace
from pathlib import Path

import dask
import numpy as np
import pytest
import torch
from small_model import save_small_model

from synfine_monai.data import read_slab
from synfine_monai.errors import ScanError
from synfine_monai.inferers import DaskChunks, MixedPrecisionInferer, SliceWindowInferer, ViewAverageInferer
from synfine_monai.inferers.dask_chunks import ChunkWork, segment_chunk
from synfine_monai.networks import load_network
from synfine_monai.scans import ChunkedOutput, create_scan, new_scan_info, open_scan
from synfine_monai.survey import find_scan_field_of_view, measure_scan_intensity
from synfine_monai.transforms import LogitsToLabelsd

DEPTH, SIDE, CHUNK = 22, 48, 2  # 11 chunks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A scan and a small network with random weights."""
    folder = tmp_path_factory.mktemp("dask")
    save_small_model(folder)
    volume = np.random.default_rng(0).integers(8_000, 30_000, (DEPTH, SIDE, SIDE)).astype(np.uint16)
    with create_scan(
        folder / "core.tif", new_scan_info(folder / "core.tif", volume.shape, np.uint16), np.uint16
    ) as sink:
        sink.write(volume)
    return folder


def parts_for(folder, scan="core.tif"):
    scan = open_scan(folder / scan)
    fov = find_scan_field_of_view(scan)
    return {"scan": scan, "field_of_view": fov, "statistics": measure_scan_intensity(scan, fov),
            "network": load_network(folder / "model.pt"),
            "inferer": MixedPrecisionInferer(SliceWindowInferer(), "float32"),
            "postprocessing": LogitsToLabelsd()}  # fmt: skip


def output_for(path, parts):
    return ChunkedOutput(path, parts["scan"].info, CHUNK * SIDE * SIDE, "a")


def labels_here(folder, out, **changes):
    """Labels of all chunks, made one after the other in this process."""
    parts = parts_for(folder)
    output = output_for(out / "here.tif", parts)
    work = replace(ChunkWork(**parts, stores={"labels": output.store}), **changes)
    output.begin()
    assert sum(segment_chunk(index, pickle.loads(pickle.dumps(work))) for index in output.store.todo()) == DEPTH
    output.finish()
    return open_scan(out / "here.tif").read()


def test_chunks_hold_what_the_network_says_of_the_whole_scan(folder, tmp_path):
    labels = labels_here(folder, tmp_path)
    parts = parts_for(folder)
    image = parts["statistics"].normalise(parts["scan"].read())
    with torch.inference_mode():
        expected = load_network(folder / "model.pt")(torch.from_numpy(image)[:, None]).argmax(1).numpy()
    inside = parts["field_of_view"].slab(0, DEPTH)
    assert (labels[inside] != expected[inside]).mean() < 1e-4
    assert set(np.unique(labels[inside])) == {0, 1, 2}


def test_views_see_beyond_a_chunk_and_chunks_do_not_show(folder, tmp_path):
    views = ViewAverageInferer(SliceWindowInferer())
    in_chunks = labels_here(folder, tmp_path, inferer=views)
    parts = parts_for(folder)
    scan, fov = parts["scan"], parts["field_of_view"]
    whole = read_slab(scan, fov, parts["statistics"], 0, DEPTH)
    with torch.no_grad():
        expected = views(whole["image"][None], parts["network"])[0].argmax(0).numpy()
    inside = fov.slab(0, DEPTH)
    assert (in_chunks[inside] != expected[inside]).mean() < 1e-3
    assert (in_chunks[inside] != labels_here(folder, tmp_path)[inside]).any()


@pytest.mark.parametrize(("name", "number"), [("workers", 0), ("threads", 0), ("workers", "many")])
def test_numbers_that_make_no_sense_are_refused(folder, tmp_path, name, number):
    parts = parts_for(folder)
    with pytest.raises(ScanError, match=f"--{name} takes a whole number"):
        DaskChunks(**parts, outputs=[output_for(tmp_path / "a.tif", parts)], **{name: number})


def test_what_to_install_is_said(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    parts = parts_for(folder)
    with pytest.raises(ScanError, match=r"pip install 'synfine_monai\[dask\]'"):
        DaskChunks(**parts, outputs=[output_for(tmp_path / "a.tif", parts)])


def test_a_scheduler_that_does_not_answer_is_said(folder, tmp_path):
    parts = parts_for(folder)
    chunks = DaskChunks(**parts, outputs=[output_for(tmp_path / "a.tif", parts)], scheduler="tcp://127.0.0.1:9")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.2s"}),
        pytest.raises(ScanError, match="answers at tcp"),
    ):
        chunks.run()
    assert list(tmp_path.iterdir()) == []


class KillOnce(LogitsToLabelsd):
    """Kills its process, as hard as it gets, the first time that it is called in any of them."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self.mark = mark

    def __call__(self, data):
        if not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(data)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_bytes(folder, tmp_path, capsys, workers):
    labels_here(folder, tmp_path)
    parts = parts_for(folder)
    DaskChunks(**parts, outputs=[output_for(tmp_path / "labels.tif", parts)], workers=workers, threads=1).run()
    assert (tmp_path / "labels.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["here.tif", "labels.tif"]
    assert "dashboard at http://" in capsys.readouterr().out


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nothing_that_is_done(folder, tmp_path):
    labels_here(folder, tmp_path)
    parts = {**parts_for(folder), "postprocessing": KillOnce(tmp_path / "killed")}
    DaskChunks(**parts, outputs=[output_for(tmp_path / "labels.tif", parts)], workers=2, threads=1).run()
    assert (tmp_path / "killed").exists()
    assert (tmp_path / "labels.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()


@pytest.mark.slow
def test_a_chunk_that_cannot_be_read_is_one_line_and_the_others_stay(folder, tmp_path):
    labels_here(folder, tmp_path)
    scan = tmp_path / "core.tif"
    scan.write_bytes((folder / "core.tif").read_bytes())
    parts = {**parts_for(folder), "scan": open_scan(scan)}
    with open(scan, "r+b") as file:
        file.truncate(scan.stat().st_size * 3 // 4)
    with pytest.raises(ScanError, match=r"core\.tif.*cut short"):
        DaskChunks(**parts, outputs=[output_for(tmp_path / "labels.tif", parts)], workers=1, threads=1).run()
    scan.write_bytes((folder / "core.tif").read_bytes())
    output = output_for(tmp_path / "labels.tif", parts)
    assert 0 < len(output.store.todo()) < len(output.store)
    DaskChunks(**parts, outputs=[output], workers=1, threads=1).run()
    assert (tmp_path / "labels.tif").read_bytes() == (tmp_path / "here.tif").read_bytes()
