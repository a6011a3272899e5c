"""``--architecture diffusion_unet`` of rock_ct_hybrid_segmentation, from pre-training to the segmentation of a scan."""

import json

import pytest
import torch
from tiny_core import BUNDLE, TINY_TUNING, refusal

from synfine_monai.bundle import run_verb
from synfine_monai.conventions import CLASS_OF_PHASE
from synfine_monai.data import load_pairs, write_pairs
from synfine_monai.networks import TRANSVERSAL, load_network, load_rock_denoiser
from synfine_monai.networks.diffusion_denoiser import DiffusionDenoiser, DiffusionSegmenter

CONFIGS = BUNDLE.parent / "rock_ct_hybrid_segmentation" / "configs"


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """A training that takes a moment, on pairs of noise."""
    image = torch.randn(8, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    pairs = {"image": image, "label": (image > 0).to(torch.uint8)}
    folder = write_pairs(tmp_path_factory.mktemp("pairs"), pairs, "zscore", "noise")
    small = {"pairs": 8, "epochs": 1, "steps_per_epoch": 2, "batch_size": 4}
    return {"architecture": "diffusion_unet", "pairs_from": str(folder), **small}


@pytest.fixture(scope="module")
def trained(options, tmp_path_factory):
    return train(tmp_path_factory.mktemp("diffusion"), **options)


def train(folder, **options):
    run_verb(CONFIGS / "train.yaml", output_dir=str(folder), **options)
    return folder


def test_train_leaves_both_networks(trained):
    denoiser, segmenter = load_rock_denoiser(trained / "denoiser.pt"), load_network(trained / "model.pt")
    assert (type(denoiser), type(segmenter)) == (DiffusionDenoiser, DiffusionSegmenter)
    assert json.loads((trained / "model.json").read_text())["settings"]["architecture"] == "diffusion_unet"
    image = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(denoiser(image, torch.zeros(1))[:, 1:], segmenter(image), atol=1e-5)


def test_training_repeats_by_seed(trained, options, tmp_path):
    first, again = (torch.load(folder / "denoiser.pt") for folder in (trained, train(tmp_path, **options)))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_it_makes_pairs(trained, tmp_path):
    drawn = {"pairs": 3, "sampling_steps": 3, "mask_levels": 1}
    run_verb(CONFIGS / "generate.yaml", output_dir=str(tmp_path), checkpoint=str(trained), **drawn)
    assert load_pairs(tmp_path, CLASS_OF_PHASE, 3, "zscore")["image"].isfinite().all()


def test_it_segments_a_scan(trained, sample, tmp_path):
    run_verb(CONFIGS / "inference.yaml", output_dir=str(tmp_path), checkpoint=str(trained), scan=str(sample.scan))
    assert list(tmp_path.glob("core_labels*"))


def test_another_architecture_is_refused_as_a_start(trained, options, tmp_path):
    given = {**options, "architecture": "rock_unet", "checkpoint": str(trained)}
    assert "is of another architecture than RockDenoiser" in refusal(
        "train", CONFIGS, output_dir=str(tmp_path), **given
    )


def test_an_unknown_network_is_refused(tmp_path):
    words = refusal("train", CONFIGS, output_dir=str(tmp_path), architecture="diffusion")
    assert "architecture has no 'diffusion': did you mean 'diffusion_unet'?" in words


def test_the_part_that_responds_most_is_fine_tuned(trained, sample, tmp_path):
    given = {"checkpoint": str(trained), "datalist": str(sample.datalist), "output_dir": str(tmp_path)}
    run_verb(BUNDLE / "configs" / "sensitivity.yaml", **given)
    measured = json.loads((tmp_path / "sensitivity.json").read_text())
    run_verb(CONFIGS / "finetune.yaml", **given, tune="auto", baselines=False, **TINY_TUNING)
    before, after = (load_network(folder / "model.pt").state_dict() for folder in (trained, tmp_path))
    tuned = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])} - {"head"}
    assert tuned == set(TRANSVERSAL[measured["selected_level"]])
    assert len(after["head.weight"]) == 2
