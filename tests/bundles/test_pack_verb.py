"""A run on a core with telling names becomes a bundle that tells none of them, and that runs by itself."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from monai.bundle import verify_metadata, verify_net_in_out
from test_verify_bundle import SCHEMA
from tiny_core import CONFIGS, TINY_TUNING, quiet_environment, refusal, write_datalist

from synfine_monai.bundle import run_verb
from synfine_monai.scans import open_scan
from synfine_monai.sharing.packed_bundle import EXPECTED_LABELS, INFERENCE, METADATA, MODEL_WEIGHTS, TEST_INPUT
from synfine_monai.sharing.readable_parts import readable_parts

SECRETS = ("kestrelfield", "marlow_well", "sorrel_labels", "ospreycore")


@pytest.fixture(scope="module")
def owner(sample, tmp_path_factory):
    """Results of fine-tuning and evaluation on the tiny core under other names, and the bundle packed of them."""
    root = tmp_path_factory.mktemp("kestrelfield")
    copies = {
        "core.tif": "marlow_well.tif",
        "labels.tif": "sorrel_labels.tif",
        "test_labels.tif": "sorrel_labels_2.tif",
    }
    for name, secret in copies.items():
        shutil.copy(sample.folder / name, root / secret)
    item = {"image": "marlow_well.tif", "specimen": "ospreycore"}
    datalist = write_datalist(root / "dataset.json", name="kestrelfield",
                              training=[{**item, "label": "sorrel_labels.tif"}],
                              test=[{**item, "label": "sorrel_labels_2.tif"}])  # fmt: skip
    options = {"datalist": str(datalist), "output_dir": str(root / "results")}
    run_verb(CONFIGS / "finetune.yaml", tune="last_layer", label_budget=2, baselines=False, **options, **TINY_TUNING)
    run_verb(CONFIGS / "evaluate.yaml", checkpoint=str(root / "results"), **options)
    shared = tmp_path_factory.mktemp("shared")
    run_verb(CONFIGS / "pack.yaml", results=root / "results", name="tiny_rock", output_dir=shared)
    return SimpleNamespace(results=root / "results", bundle=shared / "tiny_rock", item=root / "marlow_well.tif")


def run(arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "monai.bundle", "run", *arguments],
        cwd=folder, env=quiet_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_zip_runs_from_another_folder_and_gives_the_labels_that_it_promises(owner, tmp_path):
    shutil.unpack_archive(owner.bundle.with_suffix(".zip"), tmp_path)
    settings = ["--device", "cpu", "--precision", "float32", "--output_dir", "out"]
    done = run(["--config_file", f"tiny_rock/{INFERENCE}", "--scan", f"tiny_rock/{TEST_INPUT}", *settings], tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    with (
        open_scan(tmp_path / "out" / "input_labels.nii.gz") as found,
        open_scan(owner.bundle / EXPECTED_LABELS) as told,
    ):
        assert np.array_equal(found.read(), told.read())
        assert found.voxel_size_um == pytest.approx((5.0, 5.0, 5.0))


def test_inference_is_the_text_of_our_own_bundle(owner):
    assert (owner.bundle / INFERENCE).read_bytes() == (CONFIGS / "inference.yaml").read_bytes()


def test_nothing_that_can_be_read_in_it_names_the_core(owner):
    for file in (path for path in owner.bundle.rglob("*") if path.is_file()):
        text = f"{file.name} {readable_parts(file)}".lower()
        assert [word for word in SECRETS if word in text] == [], file


@pytest.mark.filterwarnings("ignore:No hash value provided")
def test_monais_own_checks_pass_on_it(owner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    meta, inference = str(owner.bundle / METADATA), str(owner.bundle / INFERENCE)
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    verify_metadata(meta_file=meta, filepath=str(tmp_path / "schema.json"))
    for network in ("network_def", "network"):
        verify_net_in_out(network, meta_file=meta, config_file=inference, device="cpu", n=16)


def test_metadata_tells_classes_and_scores_of_the_run(owner):
    metadata = json.loads((owner.bundle / METADATA).read_text(encoding="utf-8"))
    scores = json.loads((owner.results / "metrics.json").read_text())["methods"]["last_layer"]
    assert metadata["network_data_format"]["outputs"]["pred"]["channel_def"] == {"0": "solid", "1": "pore"}
    assert metadata["eval_metrics"]["pore_dice"] == pytest.approx(scores["pore_dice"], abs=1e-4)
    assert metadata["eval_metrics"]["split"] == "test"
    assert metadata["version"] in metadata["changelog"]
    low, high = metadata["network_data_format"]["inputs"]["image"]["value_range"]
    assert -6 <= low < 0 < high <= 6


def test_fine_tuning_goes_on_from_it(owner, sample, tmp_path):
    run_verb(CONFIGS / "finetune.yaml", datalist=str(sample.datalist), checkpoint=str(owner.bundle / MODEL_WEIGHTS),
             output_dir=str(tmp_path), tune="last_layer", baselines=False, **TINY_TUNING)  # fmt: skip
    assert (tmp_path / "model.pt").is_file()


def test_a_core_like_that_of_training_is_not_warned_of(owner, sample, tmp_path, caplog):
    run_verb(owner.bundle / INFERENCE, scan=str(sample.scan), output_dir=str(tmp_path))
    assert "may be segmented badly" not in caplog.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "--results is missing"),
        ({"results": "nowhere", "name": "x"}, "--results nowhere has no model.pt"),
        ({"include_figurs": True}, "did you mean --include_figures"),
        ({"include_figures": "yes"}, "--include_figures takes True or False"),
    ],
)
def test_the_verb_refuses_in_words(options, words, tmp_path):
    assert words in refusal("pack", output_dir=str(tmp_path), **options)
