"""The inference verb: memory and kill -9 in processes of their own, results and bad input in this one."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from monai.bundle import ConfigWorkflow
from small_model import save_small_model

from synfine_monai.bundle.plain_errors import find_scan_error
from synfine_monai.inferers.engine_openvino import has_openvino
from synfine_monai.networks import load_network
from synfine_monai.scans import create_scan, new_scan_info, open_scan
from synfine_monai.survey.field_of_view import thin_pass

CONFIG = Path(__file__).resolve().parents[2] / "bundles" / "rock_ct_segmentation" / "configs" / "inference.yaml"
ENGINE = "openvino" if has_openvino() else "eager"  # what "auto" takes for the long scan only
PEAK = "[int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')][0]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small model, and scans of 8, 24 and 96 slices of the same kind."""
    folder = tmp_path_factory.mktemp("whole_scan")
    save_small_model(folder)
    rng = np.random.default_rng(0)
    block = np.repeat(np.repeat(rng.integers(8_000, 30_000, (8, 128, 128)), 4, 1), 4, 2).astype(np.uint16)
    for name, repeats in (("tiny.tif", 1), ("short.tif", 3), ("long.tif", 12), ("long.nii.gz", 12)):
        like = new_scan_info(folder / name, (8 * repeats, *block.shape[1:]), np.uint16, 5.0)
        with create_scan(folder / name, like, np.uint16) as sink:
            for _ in range(repeats):
                sink.write(block)
    return folder


def options_for(folder, scan, out):
    return {
        "scan": str(folder / scan),
        "output_dir": str(out),
        "checkpoint": str(folder / "model.pt"),
        "slab_voxels": 1 << 20,
    }


def start(folder, scan, out):
    """The verb in a process that prints its peak memory in kB at the end."""
    arguments = {"config_file": str(CONFIG), **options_for(folder, scan, out), "engine": ENGINE}
    code = f"from monai.bundle import run; run(**{arguments!r}); print('PEAK', {PEAK})"
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def segment(folder, scan, out):
    process = start(folder, scan, out)
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    return int(printed.split("PEAK")[1].split()[0])


def segment_here(folder, scan, out, **options):
    workflow = ConfigWorkflow(str(CONFIG), workflow_type="infer", **{**options_for(folder, scan, out), **options})
    workflow.initialize()
    workflow.run()


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    """Results of the long scan, and the peak memory of making them."""
    out = tmp_path_factory.mktemp("undisturbed")
    return out, segment(folder, "long.tif", out)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_the_scan(folder, tmp_path, undisturbed):
    assert undisturbed[1] < 1.1 * segment(folder, "short.tif", tmp_path)
    assert segment(folder, "long.nii.gz", tmp_path) < 1.1 * undisturbed[1]


@pytest.mark.slow
def test_a_killed_run_started_again_ends_as_an_undisturbed_one(folder, tmp_path, undisturbed):
    process = start(folder, "long.tif", tmp_path)
    while process.poll() is None and not any(tmp_path.glob(".long_labels*/*.raw")):
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not list(tmp_path.glob("long_*")), "a run that was killed must leave nothing that looks whole"
    segment(folder, "long.tif", tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(os.listdir(undisturbed[0]))
    for name in ("long_labels.tif", "long_porosity.csv", "long_porosity.json"):
        assert (tmp_path / name).read_bytes() == (undisturbed[0] / name).read_bytes()


def test_labels_probabilities_and_porosity_agree(folder, tmp_path):
    segment_here(folder, "tiny.tif", tmp_path, probabilities=True, precision="float32", voxel_size_um=[2.0, 3.0, 4.0])
    with open_scan(tmp_path / "tiny_labels.tif") as written:
        labels = written.read()
        assert written.voxel_size_um == pytest.approx((2.0, 3.0, 4.0))
    with open_scan(folder / "tiny.tif") as scan:
        image = scan.read().astype(np.float32)
    normalised = torch.from_numpy((image - image.mean()) / image.std())[:, None]
    with torch.inference_mode():
        expected = load_network(folder / "model.pt")(normalised).softmax(1)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert (labels != expected.argmax(1).numpy()).mean() < 1e-4
    probabilities = tifffile.imread(tmp_path / "tiny_probabilities.tif").reshape(expected.shape)
    np.testing.assert_allclose(probabilities, expected.numpy(), atol=1e-3)
    with open(tmp_path / "tiny_porosity.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    np.testing.assert_allclose([float(row["porosity"]) for row in rows], (labels == 1).mean((1, 2)), atol=1e-6)
    assert rows[3]["depth_um"] == "6"


def test_slabs_of_any_size_give_the_same_labels(folder, tmp_path):
    written = []
    for slices in (1, 5, 8):
        segment_here(folder, "tiny.tif", tmp_path, slab_voxels=slices * 512 * 512)
        with open_scan(tmp_path / "tiny_labels.tif") as labels:
            written.append(labels.read())
    np.testing.assert_array_equal(written[0], written[1])
    np.testing.assert_array_equal(written[0], written[2])


def test_bad_voxels_are_told_in_one_sentence_and_leave_what_was_done_before(folder, tmp_path):
    volume = np.random.default_rng(0).normal(size=(40, 64, 64)).astype(np.float32)
    volume[32, 5, 5] = np.nan
    assert 32 not in thin_pass(40), "neither the field of view nor the statistics look at it"
    path = tmp_path / "broken.tif"
    with create_scan(path, new_scan_info(path, volume.shape, np.float32), np.float32) as sink:
        sink.write(volume)
    with pytest.raises(Exception) as caught:  # noqa: PT011  MONAI wraps it
        segment_here(folder, path, tmp_path / "out", slab_voxels=40960)
    assert str(find_scan_error(caught.value)).startswith("broken.tif: 1 voxels of slice 32 are NaN")
    assert [path.name for path in (tmp_path / "out").glob("*broken*")] == [".broken_labels.tif.chunks"]
    assert len(list((tmp_path / "out").glob(".broken_labels.tif.chunks/*.raw"))) == 3, "slices 0 to 29"
