"""The verbs of rock_ct_generation on the tiny core, with a generator that has trained for a moment."""

import json

import pytest
import torch
from monai.bundle import ConfigWorkflow
from tiny_core import BUNDLE, refusal

from synfine_monai.bundle import run_verb
from synfine_monai.conventions import CLASS_OF_PHASE
from synfine_monai.data import load_pairs
from synfine_monai.networks import load_denoiser

CONFIGS = BUNDLE.parent / "rock_ct_generation" / "configs"
TINY = {"styles": 3, "pairs": 27, "epochs": 2, "steps_per_epoch": 2, "batch_size": 4, "rock": "sandstone"}


def run(verb, folder, **options):
    run_verb(CONFIGS / f"{verb}.yaml", output_dir=str(folder), **{k: v for k, v in options.items() if v is not None})
    return folder


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    return run("train", tmp_path_factory.mktemp("generator"), **TINY)


@pytest.fixture(scope="module")
def style(generator, sample, tmp_path_factory):
    options = {"steps": 3, "batch_size": 2, "patches": 6, "held_out": 2}
    return run("invert", tmp_path_factory.mktemp("style"), scan=str(sample.scan), checkpoint=str(generator), **options)


def test_train_leaves_a_generator_of_as_many_styles(generator):
    network = load_denoiser(generator / "model.pt")
    assert network.any_style == 3
    assert json.loads((generator / "model.json").read_text())["stage"] == "generator"


def test_training_repeats_by_seed_and_resumes(generator, tmp_path):
    again = run("train", tmp_path / "again", **TINY)
    first, second = (torch.load(folder / "model.pt", weights_only=True) for folder in (generator, again))
    assert all(torch.equal(first[name], second[name]) for name in first)
    (again / "model.pt").unlink()
    run("train", again, **TINY)
    third = torch.load(again / "model.pt", weights_only=True)
    assert all(torch.equal(first[name], third[name]) for name in first)


def test_invert_needs_no_label_and_compares_styles(style):
    content = json.loads((style / "style.json").read_text())
    assert content["masks"] is False
    assert content["patches"] == 6
    losses = content["held_out_loss"]
    assert losses["best_known"] <= losses["mean_known"]
    assert set(losses) == {"inverted", "any_style", "untrained", "best_known", "mean_known", "nearest_style"}
    assert (style / "gallery.png").stat().st_size > 10_000


def test_invert_with_masks_of_labelled_patches(generator, sample, tmp_path):
    options = {"masks": True, "label_budget": 1, "steps": 2, "batch_size": 1, "held_out": 1}
    folder = run("invert", tmp_path, datalist=str(sample.datalist), checkpoint=str(generator), **options)
    assert json.loads((folder / "style.json").read_text())["patches"] == 1


@pytest.mark.parametrize("styled", [True, False])
def test_generate_leaves_pairs_that_a_bridge_can_read(styled, generator, style, tmp_path):
    options = {"pairs": 10, "sampling_steps": 2, "style": str(style) if styled else None}
    folder = run("generate", tmp_path, checkpoint=str(generator), **options)
    pairs = load_pairs(folder, CLASS_OF_PHASE, 10, "zscore")
    assert pairs["image"].shape == pairs["label"].shape == (10, 1, 64, 64)
    assert torch.isfinite(pairs["image"]).all()
    assert (folder / "gallery.png").is_file()


def test_match_leaves_pairs_with_the_grey_levels_of_the_scan(sample, tmp_path):
    folder = run("match", tmp_path, scan=str(sample.scan), pairs=24, patches=12)
    images = load_pairs(folder, CLASS_OF_PHASE)["image"].float()
    assert images.mean() == pytest.approx(0, abs=0.3)
    assert images.std() == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(
    ("verb", "options", "words"),
    [
        ("invert", {"checkpoint": "GENERATOR"}, "give either --datalist, or --scan"),
        ("invert", {"checkpoint": "SEGMENTER", "scan": "SCAN"}, "holds a RockUNet and no generator"),
        ("invert", {"checkpoint": "none", "scan": "SCAN"}, "this verb needs a model"),
        ("generate", {"checkpoint": "GENERATOR", "style": "nowhere.json"}, "style nowhere.json does not exist"),
        ("generate", {"checkpoint": "GENERATOR", "rock": "granite"}, "rock 'granite' is neither a preset"),
        ("generate", {"checkpoint": "GENERATOR", "guidence": 2}, "did you mean --guidance"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(verb, options, words, generator, pretrained, sample, tmp_path):
    stand_for = {"GENERATOR": generator, "SEGMENTER": pretrained, "SCAN": sample.scan}
    given = {name: str(stand_for.get(value, value)) for name, value in options.items()}
    assert words in refusal(verb, CONFIGS, output_dir=str(tmp_path), **given)


def test_a_style_of_another_generator_is_refused(generator, style, tmp_path):
    content = json.loads((style / "style.json").read_text())
    (tmp_path / "style.json").write_text(json.dumps({**content, "generator": "0" * 16}))
    options = {"checkpoint": str(generator), "style": str(tmp_path / "style.json"), "output_dir": str(tmp_path / "out")}
    assert "was made for the generator 0000000000000000" in refusal("generate", CONFIGS, **options)
    assert not (tmp_path / "out" / "pairs.pt").exists()


def test_no_property_is_missing(tmp_path):
    workflow = ConfigWorkflow(
        config_file=str(CONFIGS / "train.yaml"), meta_file=str(CONFIGS / "metadata.json"),
        logging_file=str(CONFIGS / "logging.conf"), workflow_type="train", output_dir=str(tmp_path), **TINY,
    )  # fmt: skip
    workflow.initialize()
    assert workflow.check_properties() == []
