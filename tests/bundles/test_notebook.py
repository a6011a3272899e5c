"""The functions for notebooks give what the verbs give, and leave the notebook's process as it was."""

import doctest
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_core import CONFIGS, TINY_TRAINING, TINY_TUNING, VOXEL_SIZE_UM, make_core

import synfine_monai
from synfine_monai import learn, make_rock, open_scan, porosity, segment
from synfine_monai.bundle import run_verb
from synfine_monai.errors import ScanError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def _elsewhere(tmp_path, monkeypatch):
    """An empty working directory that is empty at the end as well."""
    empty = tmp_path / "here"
    empty.mkdir()
    monkeypatch.chdir(empty)
    yield
    assert list(empty.iterdir()) == []


@pytest.mark.usefixtures("_elsewhere")
def test_segment_gives_the_verbs_labels(sample, tuned, tmp_path):
    run_verb(CONFIGS / "inference.yaml", scan=sample.scan, checkpoint=tuned, output_dir=tmp_path / "verb", device="cpu")
    with open_scan(tmp_path / "verb" / "core_labels.tif") as labels:
        expected = labels.read()
    hook, handlers = sys.excepthook, logging.getLogger().handlers[:]
    from_array = segment(sample.image, tuned, voxel_size_um=VOXEL_SIZE_UM, device="cpu")
    assert from_array.dtype == np.uint8
    assert np.array_equal(from_array, expected)
    assert np.array_equal(segment(sample.scan, tuned / "model.pt", device="cpu"), expected)
    assert (sys.excepthook, logging.getLogger().handlers) == (hook, handlers)


@pytest.mark.usefixtures("_elsewhere")
def test_a_slice_floats_and_a_mask_are_taken(sample, tuned):
    fov = np.zeros(sample.image.shape[1:], bool)
    fov[20:80, 20:80] = True
    labels = segment(sample.image[0] / 1000.0, tuned, fov=fov[None], device="cpu")
    assert labels.shape == fov.shape
    assert (labels[~fov] == 255).all()
    assert (labels[fov] < 2).all()


@pytest.fixture
def _tiny_stages(monkeypatch):
    """The stages of ``learn`` take few steps, which are no options of it."""
    tiny = {"train": {k: TINY_TRAINING[k] for k in ("steps_per_epoch", "batch_size")}, "finetune": TINY_TUNING}
    monkeypatch.setattr(
        "synfine_monai.bundle.pipeline.run_verb",
        lambda file, **given: run_verb(file, **given, **tiny.get(file.stem, {})),
    )


@pytest.mark.slow
@pytest.mark.usefixtures("_elsewhere", "_tiny_stages")
def test_learn_gives_the_verbs_model(sample, tmp_path):
    drawn = open_scan(sample.labels).read()
    options = {"pairs": 64, "epochs": 1, "label_budget": 2, "device": "cpu"}
    model = learn(sample.image, drawn, voxel_size_um=VOXEL_SIZE_UM, **options)
    run_verb(CONFIGS / "synfine.yaml", scan=sample.scan, labels=sample.labels, output_dir=tmp_path / "verb",
             segment=False, **options)  # fmt: skip
    states = [torch.load(path, weights_only=True) for path in (model.path, tmp_path / "verb" / "model.pt")]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])
    assert "all" in model.metrics["methods"]
    assert (model.save(tmp_path / "kept") / "model.json").is_file()
    assert segment(sample.image, model, device="cpu").shape == sample.image.shape


@pytest.mark.usefixtures("_elsewhere")
def test_porosity_of_a_tube_and_a_hole():
    labels = np.zeros((4, 8, 8), np.int64)
    labels[:, 2:4, 2:4] = labels[1, 6, 6] = 1
    found = porosity(labels, [1])
    assert found["porosity"] == pytest.approx(17 / 256)
    assert found["connected"]["z"] == pytest.approx(16 / 256)
    assert found["isolated"] == pytest.approx(1 / 256)


def test_rocks_repeat_by_seed():
    image, phases = make_rock("concrete", seed=1, size=(8, 32, 32))
    assert image.shape == phases.shape == (8, 32, 32)
    assert np.array_equal(image, make_rock("concrete", seed=1, size=(8, 32, 32))[0])
    assert not np.array_equal(image, make_rock("concrete", seed=2, size=(8, 32, 32))[0])


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda image: segment(image[0, 0]), r"got shape \(96,\)"),
        (lambda image: segment(image, "none"), "needs a model"),
        (lambda image: segment(image, divice="cpu"), "--divice is not an option of segment"),
        (lambda image: segment("nowhere.tif"), "nowhere.tif does not exist"),
        (lambda image: learn(image, image[:2] * 0, **TINY_TRAINING), "steps_per_epoch is not an option"),
        (lambda image: learn(image, (image[:2] * 0).astype(np.uint8)), "but its labels"),
        (lambda image: porosity(image[:, :9, :9], [1]), "labels are whole"),
        (lambda image: make_rock("chalk"), "chalk"),
    ],
)
def test_errors_are_one_sentence_and_plain_exceptions(call, words):
    with pytest.raises(ScanError, match=words) as caught:
        call(make_core((4, 96, 96))[0])
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)


def test_importing_the_package_is_quick():
    program = "import sys, synfine_monai; sys.exit(len({'torch', 'monai', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert {"segment", "learn", "porosity", "make_rock", "open_scan"} <= set(dir(synfine_monai))


def test_examples_in_docstrings_run(tmp_path, monkeypatch):
    from synfine_monai import notebook
    from synfine_monai.metrics import scores

    monkeypatch.chdir(tmp_path)
    for module in (notebook, scores):
        result = doctest.testmod(module)
        assert result.failed == 0, module.__name__
        assert result.attempted > 1, module.__name__


@pytest.mark.slow
def test_the_notebook_runs(tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    book = nbformat.read(ROOT / "docs" / "notebooks" / "first_scan.ipynb", as_version=4)
    monkeypatch.delenv("MPLBACKEND")  # a notebook shows its figures
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    nbclient.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert any(output.output_type == "display_data" for cell in book.cells for output in cell.get("outputs", []))
