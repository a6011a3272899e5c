"""The physics of each corruption: its spread, its reach, what it keeps, and what it refuses."""

import math

import numpy as np
import pytest
import torch

from synfine_monai.transforms.corrupt import (
    BrightnessDrift,
    CoarserVoxels,
    CorrelatedNoise,
    EdgeEnhancement,
    ElectronicNoise,
    LowContrast,
    PartialVolume,
    RandCorruptd,
    Rings,
    Saturation,
)

SLAB = torch.full((1, 8, 64, 64), 0.7)
STEP = torch.cat([torch.zeros(1, 8, 64, 32), torch.ones(1, 8, 64, 32)], -1)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_partial_volume_spreads_a_step_as_the_normal_distribution_says():
    profile = PartialVolume(1.5)(STEP)[0, 4, 32]
    assert profile[31] == pytest.approx(1 - profile[32].item(), abs=1e-5)
    assert profile[33] == pytest.approx(0.841, abs=0.02)  # 1.5 voxels from the step
    torch.testing.assert_close(PartialVolume(2.0)(SLAB), SLAB)


@pytest.mark.parametrize("length", [0.0, 0.6, 1.5])
def test_correlated_noise_has_its_spread_and_its_covariance(length):
    noise = CorrelatedNoise(0.1, length, seeded())(SLAB) - SLAB
    assert noise.std() == pytest.approx(0.1, rel=0.06)
    neighbour = (noise[..., 1:] * noise[..., :-1]).mean() / noise.var()
    expected = np.exp(-1 / (4 * length**2)) if length else 0.0
    assert neighbour == pytest.approx(expected, abs=0.06)


def test_edge_enhancement_overshoots_edges_and_leaves_plains():
    sharp = EdgeEnhancement(0.5, 2.0)(PartialVolume(1.0)(STEP))[0, 4, 32]
    assert sharp.amax() > 1.02
    assert sharp.amin() < -0.02
    torch.testing.assert_close(EdgeEnhancement(0.5, 2.0)(SLAB), SLAB)


def test_rings_are_circles_of_the_strength_asked_for():
    rings = Rings(0.05, seeded(1))(SLAB) - SLAB
    assert torch.equal(rings[:, 0], rings[:, -1])
    assert rings.std() == pytest.approx(0.05, rel=0.5)
    values = rings[0, 0].round(decimals=5).unique()
    assert len(values) < 140  # one value a radius, and not one a voxel


def test_drift_is_smooth_and_bounded():
    drifted = BrightnessDrift(0.2, seeded())(SLAB) / SLAB
    assert 0.6 <= drifted.amin() < drifted.amax() <= 1.4
    assert (drifted[..., 1:] - drifted[..., :-1]).abs().amax() < 0.02


def test_saturation_cuts_what_lies_above():
    assert Saturation(0.5)(torch.tensor([[0.2, 0.7]])).tolist() == [[pytest.approx(0.2), 0.5]]


@pytest.mark.parametrize("corruption", [CorrelatedNoise(0.1), Rings(0.1), BrightnessDrift(0.1), PartialVolume(1.0),
                                        EdgeEnhancement(0.3, 2.0), Saturation(0.5)])  # fmt: skip
@pytest.mark.parametrize("image", [SLAB, SLAB[:, 0], torch.cat([SLAB[:, 0], STEP[:, 0]])])
def test_planes_volumes_and_channels_keep_shape_and_type(corruption, image):
    before = image.clone()
    out = corruption(image)
    assert out.shape == image.shape
    assert out.dtype == image.dtype
    assert torch.equal(image, before)


@pytest.mark.parametrize("corruption", [CorrelatedNoise, Rings, BrightnessDrift])
def test_same_generator_state_same_image(corruption):
    images = [corruption(0.1, generator=seeded(seed))(SLAB) for seed in (5, 5, 6)]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])


@pytest.mark.parametrize(("corruption", "wrong"), [(PartialVolume, (-1,)), (CorrelatedNoise, (-0.1,)),
                                                   (CorrelatedNoise, (0.1, -1)), (EdgeEnhancement, (0.5, 0)),
                                                   (Rings, (-1,)), (BrightnessDrift, (0.6,))])  # fmt: skip
def test_refuses_what_is_not_physical(corruption, wrong):
    with pytest.raises(ValueError, match="must"):
        corruption(*wrong)


@pytest.mark.parametrize("attenuation", [0.0, 1.0, 2.0])
def test_noise_grows_with_the_attenuation(attenuation):
    noisy = ElectronicNoise(0.005, seeded())(torch.full((1, 128, 128), attenuation))
    assert noisy.std() == pytest.approx(0.005 * math.exp(attenuation), rel=0.05)
    assert noisy.mean() == pytest.approx(attenuation, abs=2e-3)


def test_opaque_voxels_stay_finite():
    assert torch.isfinite(ElectronicNoise(0.1, seeded())(torch.full((1, 16, 16), 50.0))).all()


ROCK = (torch.rand(1, 8, 64, 64, generator=torch.Generator().manual_seed(0)) > 0.2).float()


def test_contrast_falls_and_noise_stays():
    faint = LowContrast(0.5, 0.1, torch.Generator().manual_seed(1))(ROCK)
    solid, pore = faint[ROCK == 1], faint[ROCK == 0]
    assert solid.mean() - pore.mean() == pytest.approx(0.5, abs=0.01)
    assert solid.std() == pytest.approx(0.1, rel=0.05)
    assert faint.mean() == pytest.approx(ROCK.mean().item(), abs=2e-3)


def test_coarser_voxels_average_and_keep_the_mean():
    coarse = CoarserVoxels(2)(ROCK)
    assert coarse.mean() == pytest.approx(ROCK.mean().item(), abs=2e-3)
    checks = ((torch.arange(64)[:, None] + torch.arange(64)) % 2).float()[None]
    torch.testing.assert_close(CoarserVoxels(2)(checks), torch.full_like(checks, 0.5))
    torch.testing.assert_close(CoarserVoxels(1)(ROCK), ROCK)


def test_parameters_are_spread_log_uniformly_and_prob_is_kept():
    part = RandCorruptd("image", Saturation, {"level": (0.1, 10.0)}, prob=0.3).set_random_state(seed=0)
    drawn = [part(dict(image=torch.tensor([100.0])))["image"].item() for _ in range(2000)]
    changed = [value for value in drawn if value < 100]
    assert len(changed) == pytest.approx(600, rel=0.1)
    assert np.median(changed) == pytest.approx(1.0, rel=0.25)


@pytest.mark.parametrize("ends", [(0.0, 1.0), (2.0, 1.0)])
def test_refuses_ranges_that_cannot_be_drawn_from(ends):
    with pytest.raises(ValueError, match="range of level"):
        RandCorruptd("image", Saturation, {"level": ends})
