"""The verbs of rock_ct_hybrid_segmentation on the tiny core."""

import json

import pytest
import torch
from monai.bundle import ConfigWorkflow
from tiny_core import BUNDLE, TINY_TUNING, refusal

from synfine_monai.bundle import read_options, run_verb
from synfine_monai.conventions import CLASS_OF_PHASE
from synfine_monai.data import PatchBatches, load_pairs, write_pairs
from synfine_monai.networks import load_network, load_rock_denoiser

HYBRID = BUNDLE.parent / "rock_ct_hybrid_segmentation"
CONFIGS = HYBRID / "configs"
TINY = {"pairs": 8, "epochs": 2, "steps_per_epoch": 2, "batch_size": 4}


def run(verb, folder, **options):
    run_verb(CONFIGS / f"{verb}.yaml", output_dir=str(folder), **options)
    return folder


def weights(folder, name="denoiser"):
    return torch.load(folder / f"{name}.pt", weights_only=True)


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Options of a training that takes a moment, on pairs of noise."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(8, 1, 64, 64, generator=generator)
    pairs = {"image": image, "label": (image > 0).to(torch.uint8)}
    return {**TINY, "pairs_from": str(write_pairs(tmp_path_factory.mktemp("pairs"), pairs, "zscore", "noise"))}


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    return run("train", tmp_path_factory.mktemp("hybrid"), **tiny)


def test_train_leaves_a_denoiser_and_the_segmenter_that_it_is_on_clean_images(trained):
    denoiser, segmenter = load_rock_denoiser(trained / "denoiser.pt"), load_network(trained / "model.pt")
    image = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(denoiser(image, torch.zeros(1))[:, 1:], segmenter(image), atol=1e-5)
    assert json.loads((trained / "model.json").read_text())["settings"]["learned"]["mask_weight"] == 0.3


def test_training_repeats_by_seed_and_another_seed_differs(trained, tiny, tmp_path):
    assert equal(weights(trained), weights(run("train", tmp_path / "again", **tiny)))
    assert not equal(weights(trained), weights(run("train", tmp_path / "other", **tiny, seed=1)))


def test_an_interrupted_training_goes_on_to_the_same_weights(tiny, tmp_path, monkeypatch):
    options = {**tiny, "train#named#resume#interval": 1}
    whole, broken = run("train", tmp_path / "whole", **options), tmp_path / "broken"
    with monkeypatch.context() as patched:
        _break_in_second_epoch(patched)
        with pytest.raises(RuntimeError):
            run("train", broken, **options)
    assert list(broken.glob("checkpoints/train/*_1.pt"))
    assert not (broken / "model.pt").exists()
    assert equal(weights(whole), weights(run("train", broken, **options)))


def _break_in_second_epoch(patched):
    batch = PatchBatches.__getitem__

    def interrupted(self, index):
        if (self.epoch, index) == (2, 1):
            raise RuntimeError("interrupted")
        return batch(self, index)

    patched.setattr(PatchBatches, "__getitem__", interrupted)


@pytest.mark.parametrize(
    ("pretext", "head_learns", "image_head_learns", "level_learns"),
    [("denoising", False, True, True), ("noisy_masks", True, False, True), ("supervised", True, False, False)],
)
def test_each_rival_learns_its_part_alone(pretext, head_learns, image_head_learns, level_learns, tiny, tmp_path):
    options = {**tiny, "pretext": pretext}
    first, longer = (weights(run("train", tmp_path / str(n), **{**options, "epochs": n})) for n in (1, 2))
    learns = {name: not torch.allclose(first[name], longer[name], rtol=0, atol=1e-6) for name in first}
    assert learns["head.weight"] is head_learns
    assert learns["image_head.weight"] is image_head_learns
    assert learns["level.shifts.weight"] is level_learns
    assert learns["down_0.conv_0.conv.weight"]


def test_a_decoder_learns_to_denoise_on_an_encoder_that_stays(trained, tiny, tmp_path):
    folder = run("train", tmp_path, **tiny, checkpoint=str(trained), trained="decoder", pretext="denoising",
                 highest_level=100)  # fmt: skip
    before, after = weights(trained), weights(folder)
    stays = {name for name in before if torch.allclose(before[name], after[name], rtol=1e-6, atol=0)}
    assert {name for name in before if name.startswith(("down_", "head.", "level."))} <= stays
    assert not {name for name in before if name.startswith(("up_", "image_head")) and "num_batches" not in name} & stays


def test_generate_leaves_pairs_that_training_can_read(trained, tmp_path):
    folder = run("generate", tmp_path / "pairs", checkpoint=str(trained), pairs=6, sampling_steps=3, mask_levels=2)
    pairs = load_pairs(folder, CLASS_OF_PHASE, 6, "zscore")
    assert pairs["image"].shape == pairs["label"].shape == (6, 1, 64, 64)
    assert (folder / "gallery.png").stat().st_size > 1000
    again = run("generate", tmp_path / "again", checkpoint=str(trained), pairs=6, sampling_steps=3, mask_levels=2)
    assert equal(pairs, load_pairs(again, CLASS_OF_PHASE, 6))
    run("train", tmp_path / "from_pairs", **TINY | {"pairs": 6, "pairs_from": str(folder)})


def test_finetune_starts_from_the_level_that_is_asked_for(trained, sample, tmp_path):
    options = {"checkpoint": str(trained), "datalist": str(sample.datalist), "baselines": False, **TINY_TUNING}
    folder = run("finetune", tmp_path / "tuned", level=40, tune="auto_rgn", **options)
    assert json.loads((folder / "start" / "model.json").read_text())["noise_level"] == 40
    assert load_network(folder / "model.pt").head.out_channels == 2
    run("evaluate", folder, checkpoint=str(folder), datalist=str(sample.datalist))
    assert (folder / "metrics.json").is_file()
    run("inference", folder / "predictions", checkpoint=str(folder), scan=str(sample.scan))
    assert list((folder / "predictions").glob("core_labels*"))


def test_hybrid_runs_all_stages(sample, tmp_path):
    stages = {
        "pipeline#stages#0#train": {"output_dir": "@pretrained", "steps_per_epoch": 2, "batch_size": 8},
        "pipeline#stages#2#rock_ct_segmentation/finetune": {
            "checkpoint": "@pretrained",
            "baselines": False,
            **TINY_TUNING,
        },
    }
    run("hybrid", tmp_path, datalist=str(sample.datalist), pairs=16, epochs=1, label_budget=1, segment=False, **stages)
    assert json.loads((tmp_path / "pretrained" / "model.json").read_text())["phases"] == [["matrix"], ["pore"]]
    assert (tmp_path / "sensitivity.json").is_file()
    assert json.loads((tmp_path / "model.json").read_text())["method"] == "all"
    assert (tmp_path / "metrics.json").is_file()


def test_inference_is_that_of_the_other_bundle_word_for_word():
    # a bundle that is shared alone must stand alone, and MONAI has no way to include a file of another folder
    own, original = ((folder / "inference.yaml").read_text("utf-8") for folder in (CONFIGS, BUNDLE / "configs"))
    assert own == original


@pytest.mark.parametrize("verb", ["finetune", "evaluate"])
def test_borrowed_verbs_take_the_options_of_their_originals(verb):
    own, original = (read_options(folder / f"{verb}.yaml") for folder in (CONFIGS, BUNDLE / "configs"))
    own.pop("level", None)
    assert own == original


@pytest.mark.parametrize(
    ("verb", "options", "words"),
    [
        ("train", {"pretext": "clean"}, "--pretext clean is unknown"),
        ("train", {"mask_schedule": "linear"}, "mask_schedule 'linear' is unknown"),
        ("train", {"level": 1000}, "--level takes a noise level from 0 (clean) to 999, got 1000"),
        ("train", {"pretext": "denoising", "clean": 1}, "without noise there is none to remove"),
        ("train", {"trained": "decoder"}, "--trained decoder needs an encoder that was trained before"),
        ("train", {"mask_wieght": 1}, "did you mean --mask_weight"),
        ("generate", {"checkpoint": "SEGMENTER"}, "there is no denoiser.pt beside the checkpoint"),
        ("generate", {"checkpoint": "HYBRID", "sampling_steps": 2}, "2 to 1000 steps and masks from 1 to all of them"),
        ("generate", {"checkpoint": "none"}, "there is no denoiser.pt beside the checkpoint none"),
        ("finetune", {"checkpoint": "SEGMENTER", "level": 5}, "there is no denoiser.pt beside the checkpoint"),
        ("hybrid", {"tune": "most"}, "most"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(verb, options, words, trained, pretrained, sample, tmp_path):
    stand_for = {"HYBRID": str(trained), "SEGMENTER": str(pretrained)}
    given = {name: stand_for.get(value, value) for name, value in options.items()}
    given |= {"datalist": str(sample.datalist)} if verb != "generate" else {}
    assert words in refusal(verb, CONFIGS, output_dir=str(tmp_path), **given)


def test_no_property_is_missing(tmp_path):
    workflow = ConfigWorkflow(
        config_file=str(CONFIGS / "train.yaml"), meta_file=str(CONFIGS / "metadata.json"),
        logging_file=str(CONFIGS / "logging.conf"), workflow_type="train", output_dir=str(tmp_path), **TINY,
    )  # fmt: skip
    workflow.initialize()
    assert workflow.check_properties() == []


def test_the_bundle_is_complete_and_small():
    weights = [f"models/{name}.{kind}" for name in ("denoiser", "model") for kind in ("pt", "json")]
    needed = ["LICENSE", "docs/README.md", "configs/metadata.json", "configs/logging.conf", *weights]
    assert [name for name in needed if not (HYBRID / name).is_file()] == []
    assert sum((HYBRID / name).stat().st_size for name in weights) < 4e6


def test_the_shipped_segmenter_is_the_shipped_denoiser_on_clean_images():
    image = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    denoiser, segmenter = load_rock_denoiser(HYBRID / "models/denoiser.pt"), load_network(HYBRID / "models/model.pt")
    with torch.inference_mode():
        expected = denoiser.eval()(image, torch.zeros(2, dtype=torch.long))[:, 1:]
        torch.testing.assert_close(segmenter.eval()(image), expected, rtol=0, atol=0.02)  # biases in half precision
