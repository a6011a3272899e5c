import pytest
import torch
import yaml

from synfine_monai.errors import ScanError
from synfine_monai.transforms.corrupt import (
    CORRUPTION_NAMES,
    SEVERITIES,
    PartialVolume,
    Rings,
    corruption_at,
    load_severities,
)

RANDOM = [
    "photon_noise", "electronic_noise", "rings", "partial_rings", "motion", "zingers", "low_contrast",
    "brightness_drift", "bright_inclusions",
]  # fmt: skip


def rock(*size):
    """Grains of half a dozen voxels with a little noise, air 0 and solid 1."""
    random = torch.Generator().manual_seed(0)
    noise = PartialVolume(3.0)(torch.randn(1, *size, generator=random))
    return (noise > -0.5 * noise.std()).float() + 0.03 * torch.randn(1, *size, generator=random)


def change(name, severity, image, seed=0):
    return corruption_at(name, severity, torch.Generator().manual_seed(seed))(image) - image


def test_all_artefacts_are_there():
    assert set(CORRUPTION_NAMES) == {
        "photon_noise", "electronic_noise", "rings", "partial_rings", "beam_hardening", "scatter", "partial_volume",
        "motion", "streaks", "phase_contrast", "zingers", "low_contrast", "brightness_drift", "bright_inclusions",
    }  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTION_NAMES)
@pytest.mark.parametrize("size", [(96, 96), (4, 64, 64)])
def test_each_severity_changes_more_than_the_one_before(name, size):
    image = rock(*size)
    changes = [change(name, severity, image).square().mean().sqrt().item() for severity in SEVERITIES]
    assert changes == sorted(set(changes))
    assert changes[0] > 0.005
    assert 0.03 < changes[2] < 0.5


@pytest.mark.parametrize("name", CORRUPTION_NAMES)
def test_shape_type_and_input_are_kept_and_the_seed_decides(name):
    image = rock(2, 48, 40).expand(2, -1, -1, -1).clone()
    before = image.clone()
    first, again, other = (change(name, 3, image, seed) for seed in (5, 5, 6))
    assert first.shape == image.shape
    assert first.dtype == image.dtype
    assert torch.isfinite(first).all()
    assert torch.equal(image, before)
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name not in RANDOM)


def test_refuses_unknown_names_and_severities():
    with pytest.raises(ScanError, match="'ring' is no corruption; did you mean 'rings'"):
        corruption_at("ring", 3)
    for wrong in (0, 6, 2.5, True, "3"):
        with pytest.raises(ScanError, match=f"severity of rings must be 1, 2, 3, 4 or 5, got {wrong!r}"):
            corruption_at("rings", wrong)


def test_a_file_of_ones_own(tmp_path):
    entry = {
        "_target_": "synfine_monai.transforms.corrupt.Rings",
        "severities": {"strength": [0.1, 0.2, 0.3, 0.4, 0.5]},
        "fixed": {"axis": [0.5, 0.5]},
    }
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"my_rings": entry}), "utf-8")
    corruption = corruption_at("my_rings", 2, path=path)
    assert isinstance(corruption, Rings)
    assert corruption.strength == 0.2


RINGS = "synfine_monai.transforms.corrupt.Rings"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "holds no severities"),
        ("a: 3", "a needs _target_ and severities"),
        (f"a: {{_target_: {RINGS}, severities: {{strength: [1, 2]}}}}", "strength of a needs five values"),
        (f"a: {{_target_: {RINGS}, severities: {{strength: [-1, 1, 2, 3, 4]}}}}", "must not be negative"),
        (f"a: {{_target_: {RINGS}, severities: {{power: [1, 1, 2, 3, 4]}}}}", "does not take"),
        ("a: {_target_: no.such.Class, severities: {x: [1, 2, 3, 4, 5]}}", "cannot be imported"),
        ("a: [", "cannot be read"),
    ],
)
def test_refuses_files_that_do_not_fit(tmp_path, text, words):
    path = tmp_path / "wrong.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ScanError, match=words):
        corruption_at("a", 1, path=path)
    with pytest.raises(ScanError, match="cannot be read"):
        load_severities(tmp_path / "missing.yaml")
