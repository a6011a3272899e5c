"""What each structure part does to the phase map: known shares, neighbours and untouched phases."""

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt
from skimage.measure import label

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate import (
    RandCoating,
    RandFractures,
    RandGrains,
    RandInclusions,
    RandNoiseMask,
    fraction_level,
)

MATRIX, PORE, WATER, CLAY, DENSE = range(len(PHASES))


def matrix(size=(8, 64, 64)):
    return {"phase": torch.zeros(size, dtype=torch.uint8)}


def half_pore(size=(8, 64, 64)):
    sample = matrix(size)
    sample["phase"][..., size[-1] // 2 :] = PORE
    return sample


def share(sample, phase):
    return (sample["phase"] == phase).float().mean().item()


def test_level_splits_a_field_at_the_fraction():
    field = torch.rand(40, 50, 60, generator=torch.Generator().manual_seed(0))
    assert fraction_level(field, 0.2) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("porosity", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("films", [0.0, 1.0])
def test_grains_leave_the_porosity_asked_for(porosity, films):
    sample = RandGrains(24, porosity, films=films).set_random_state(seed=0)(matrix())
    assert share(sample, PORE) == pytest.approx(porosity, abs=0.02)
    assert set(sample) == {"phase", "tone", "gap"}


def test_pores_lie_at_the_faces_of_grains():
    sample = RandGrains(32, 0.1, films=0.5, roughness=0.2).set_random_state(seed=0)(matrix((1, 128, 128)))
    pore = sample["phase"] == PORE
    assert sample["gap"][pore].mean() < 0.6 * sample["gap"][~pore].mean()


def test_air_voids_are_round_and_replace_only_what_they_may():
    part = RandInclusions("pore", 0.05, (3, 8), stretch=1.0)
    sample = part.set_random_state(seed=0)(matrix((1, 160, 160)))
    regions = label((sample["phase"][0] == PORE).numpy())
    assert 5 < regions.max() < 120
    dense = {"phase": torch.full((1, 64, 64), DENSE, dtype=torch.uint8)}
    assert share(part(dense), DENSE) == 1


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_noise_mask_paints_its_share_of_what_may_be_painted(fraction):
    part = RandNoiseMask("clay", fraction, 2.0, inside=["pore"])
    samples = [part.set_random_state(seed=seed)(half_pore((1, 96, 96))) for seed in range(8)]
    assert np.mean([share(sample, CLAY) for sample in samples]) == pytest.approx(fraction / 2, rel=0.15)
    assert all(not (sample["phase"][..., :48] != MATRIX).any() for sample in samples)


def test_wider_blur_makes_wider_patches():
    widths = []
    for length in (2.0, 8.0):
        phase = RandNoiseMask("pore", 0.2, length, 0.3).set_random_state(seed=0)(matrix((1, 160, 160)))["phase"][0]
        depth = distance_transform_edt((phase == PORE).numpy())
        widths.append(depth[depth > 0].mean())
    assert widths[1] > 2 * widths[0]


def test_clay_coats_the_wall_and_leaves_the_middle_open():
    sample = RandCoating("clay", 2.0, 0.6).set_random_state(seed=0)(half_pore())
    clay = (sample["phase"] == CLAY).nonzero()
    assert len(clay) > 0
    assert ((clay[:, 2] >= 32) & (clay[:, 2] < 40)).all()


def test_narrow_throats_fill_before_wide_pores():
    sample = matrix((1, 64, 64))
    sample["phase"][:, :32, 30:32] = PORE
    sample["phase"][:, 32:, 10:50] = PORE
    phase = RandCoating("clay", 2.0, 0.5).set_random_state(seed=0)(sample)["phase"] == CLAY
    assert phase[0, :32, 30:32].float().mean() > phase[0, 32:, 10:50].float().mean()


def test_fractures_are_as_wide_as_their_aperture():
    shares = []
    for seed in range(60):
        sample = RandFractures(1, 2.0, 0.01, prob=1.0).set_random_state(seed=seed)(matrix((1, 64, 64)))
        shares.append(share(sample, PORE))
    crossing = [value for value in shares if value > 0]
    assert 10 < len(crossing) < 50
    assert min(crossing) < np.median(crossing) == pytest.approx(2 / 64, rel=0.8)


@pytest.mark.parametrize(
    "part",
    [
        RandInclusions("pore", 0.2, (2, 4), prob=0.0),
        RandNoiseMask("pore", 0.2, 2.0, prob=0.0),
        RandNoiseMask("pore", 0.0, 2.0),
        RandCoating("clay", 2.0, prob=0.0),
        RandFractures(prob=0.0),
    ],
)
def test_parts_that_do_not_happen_change_nothing(part):
    assert torch.equal(part.set_random_state(seed=0)(half_pore())["phase"], half_pore()["phase"])
