import numpy as np
import pytest
import torch
import yaml
from monai.transforms import Compose

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate import (
    RandNoiseMask,
    RandRock,
    RandTogether,
    build_parts,
    load_rock,
    paint_masks,
    rock_names,
)

ALL = {name: index for index, name in enumerate(PHASES)}
PLAIN = {
    "structure": [{"part": "RandGrains", "cell": 20, "porosity": 0.2}],
    "appearance": [{"part": "RandPaint", "grey": dict(zip(PHASES, (1.0, 0.0, 0.3, 0.6, 2.0), strict=True))}],
    "normalisation_jitter": {"gain": 1.0, "offset": 0.0},
}


@pytest.mark.parametrize("size", [(16, 64, 64), (64, 64), (3, 40, 57)])
@pytest.mark.parametrize("rock", rock_names())
def test_shapes_types_and_classes(rock, size):
    out = RandRock(rock, ALL, size).set_random_state(seed=0)()
    assert out["image"].shape == out["label"].shape == (1, *size)
    assert out["image"].dtype == torch.float32
    assert out["label"].dtype == torch.uint8
    assert torch.isfinite(out["image"]).all()
    assert out["label"].amax() < len(PHASES)


@pytest.mark.parametrize("rock", rock_names())
def test_relative_attenuation_of_matrix_and_pore(rock):
    rocks = RandRock(rock, ALL, (96, 96))
    samples = [rocks.set_random_state(seed=seed)() for seed in range(6)]
    image, label = (torch.stack([sample[key] for sample in samples]) for key in ("image", "label"))
    assert image[label == 0].median() == pytest.approx(1, abs=0.1)
    assert image[label == 1].median() < 0.5


def test_label_is_exact_before_blur():
    out = RandRock(PLAIN, ALL, (8, 48, 48)).set_random_state(seed=0)()
    assert torch.equal(out["label"] == 1, out["image"] == 0)
    assert torch.equal(out["label"] == 0, out["image"] == 1)


def test_classes_follow_the_task():
    binary = {"matrix": 0, "pore": 1, "water": 1, "clay": 0, "dense": 0}
    phases, classes = (RandRock("sandstone", m, (64, 64)).set_random_state(seed=4)() for m in (ALL, binary))
    assert torch.equal(phases["image"], classes["image"])
    pore = (phases["label"] == ALL["pore"]) | (phases["label"] == ALL["water"])
    assert torch.equal(classes["label"] == 1, pore)


def test_all_phases_occur_and_vary():
    rocks = RandRock("sandstone", ALL, (96, 96))
    shares = []
    for seed in range(30):
        label = rocks.set_random_state(seed=seed)()["label"]
        shares.append(np.bincount(label.flatten(), minlength=5) / label.numel())
    assert (np.max(shares, axis=0) > 0.01).all()
    assert np.std(shares, axis=0)[1] > 0.02


def test_seed_repeats_also_within_a_compose():
    rock = RandRock("concrete", ALL, (4, 32, 32))
    first, again, other = (rock.set_random_state(seed=seed)()["image"] for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    chains = [Compose([RandRock("concrete", ALL, (32, 32))]).set_random_state(seed=3)({})["image"] for _ in range(2)]
    assert torch.equal(*chains)


def test_unseeded_rocks_differ():
    rock = RandRock(PLAIN, ALL, (32, 32))
    assert not torch.equal(rock()["label"], rock()["label"])


@pytest.mark.parametrize("size", [(64,), (0, 64, 64), (4, 4), (1, 2, 3, 4)])
def test_refuses_sizes_that_are_no_rock(size):
    with pytest.raises(ScanError, match="cannot be made"):
        RandRock("sandstone", ALL, size)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: this test did NOT run")
def test_structure_agrees_between_cpu_and_gpu():
    preset = load_rock("sandstone")
    cpu, gpu = (RandRock(preset, ALL, (8, 64, 64), device).set_random_state(seed=1)() for device in ("cpu", "cuda"))
    assert (cpu["label"] == gpu["label"].cpu()).float().mean() > 0.995


@pytest.fixture
def masks():
    masks = torch.zeros(4, 1, 64, 64, dtype=torch.uint8)
    masks[..., :20] = PHASES.index("pore")
    masks[..., 40:] = PHASES.index("dense")
    return masks


@pytest.mark.parametrize("rock", rock_names())
def test_phases_lie_in_their_order_and_on_the_scale_of_a_zscore(rock, masks):
    images = paint_masks(rock, masks)
    assert images.shape == masks.shape
    assert images.mean() == pytest.approx(0, abs=1e-4)
    assert images.std() == pytest.approx(1, abs=1e-4)
    pore, matrix, dense = (images[masks == PHASES.index(name)].mean() for name in ("pore", "matrix", "dense"))
    assert pore < matrix < dense


def test_what_has_no_label_is_matrix(masks):
    bare = masks.clone()
    bare[masks == 0] = 255
    assert torch.equal(paint_masks("sandstone", bare, seed=2), paint_masks("sandstone", masks, seed=2))


def test_shipped_presets_are_those_of_the_design():
    assert {"sandstone", "carbonate", "concrete"} <= set(rock_names())


@pytest.mark.parametrize("name", rock_names())
def test_every_shipped_preset_can_be_built(name):
    preset = load_rock(name)
    assert len(build_parts(preset["structure"])) > 2
    assert len(build_parts(preset["appearance"])) > 2


def test_a_file_and_a_mapping_say_the_same_as_a_name(tmp_path):
    preset = load_rock("sandstone")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(preset), encoding="utf-8")
    assert load_rock(path) == load_rock(preset) == preset


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(ScanError, match=r"sandston.*carbonate, concrete, sandstone"):
        load_rock("sandston")


@pytest.mark.parametrize("text", ["- a\n- b", "structure: []", "structure: []\nappearance: []\nmore: 1"])
def test_wrong_sections_are_refused(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScanError, match=r"mine\.yaml holds .* exactly the sections"):
        load_rock(path)


def test_garbled_yaml_is_one_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("structure: [", encoding="utf-8")
    with pytest.raises(ScanError, match=r"^mine\.yaml is not readable as YAML: [^\n]+$"):
        load_rock(path)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"part": "RandGrain"}, "names the part 'RandGrain'"),
        ({"corrupt": "Ring"}, "names the corrupt 'Ring'"),
        ({"part": "RandGrains", "cells": 3}, "RandGrains of a rock does not take .*cells"),
        ({"corrupt": "Rings", "ranges": {"strength": [0.0, 1.0]}}, "Rings of a rock .*positive"),
        ({}, "names the part 'None'"),
    ],
)
def test_parts_that_cannot_be_built_say_why(entry, words):
    with pytest.raises(ScanError, match=words):
        build_parts([entry])


def test_anyone_can_bring_a_part_of_their_own():
    (part,) = build_parts([{"part": "synfine_monai.transforms.generate.RandFractures", "count": 1}])
    assert part.count == 1


def test_all_or_none():
    group = RandTogether([RandNoiseMask("pore", 0.3, 1.5), RandNoiseMask("clay", 0.3, 1.5)], prob=0.4)
    group.set_random_state(seed=0)
    found = [
        set(group({"phase": torch.zeros(1, 32, 32, dtype=torch.uint8)})["phase"].unique().tolist()) for _ in range(300)
    ]
    assert {frozenset(phases) for phases in found} == {frozenset({0}), frozenset({0, 1, 3})}
    assert np.mean([len(phases) > 1 for phases in found]) == pytest.approx(0.4, abs=0.1)
