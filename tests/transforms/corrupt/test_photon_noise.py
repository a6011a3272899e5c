import numpy as np
import pytest
import torch

from synfine_monai.transforms.corrupt import PhotonNoise, RandCorruptd

SLAB = torch.full((1, 8, 64, 64), 0.7)


def test_noise_has_the_spread_that_counting_predicts():
    noisy = PhotonNoise(10_000)(SLAB)
    assert noisy.mean() == pytest.approx(0.7, abs=1e-3)
    assert noisy.std() == pytest.approx((10_000 * np.exp(-0.7)) ** -0.5, rel=0.05)


def test_variance_falls_as_one_over_the_photons():
    photons = np.array([1e3, 1e4, 1e5])
    variance = [PhotonNoise(count, torch.Generator().manual_seed(0))(SLAB).var().item() for count in photons]
    assert np.polyfit(np.log(photons), np.log(variance), 1)[0] == pytest.approx(-1, abs=0.02)


def test_opaque_voxels_stay_finite():
    assert torch.isfinite(PhotonNoise(10)(torch.full((1, 4, 4), 50.0))).all()


def test_refuses_grey_levels():
    with pytest.raises(TypeError, match="uint8 grey levels"):
        PhotonNoise(1e4)(torch.zeros(1, 4, 4, dtype=torch.uint8))


@pytest.mark.parametrize("photons", [0, -5])
def test_refuses_a_beam_without_photons(photons):
    with pytest.raises(ValueError, match="positive"):
        PhotonNoise(photons)


def test_random_version_repeats_by_seed_and_touches_its_keys_only():
    sample = {"image": SLAB, "label": SLAB}
    noisy = RandCorruptd("image", PhotonNoise, {"photons": (5e3, 5e4)}, prob=1.0)
    first = noisy.set_random_state(seed=3)(sample)
    again = noisy.set_random_state(seed=3)(sample)
    other = noisy.set_random_state(seed=4)(sample)
    assert torch.equal(first["image"], again["image"])
    assert not torch.equal(first["image"], other["image"])
    assert torch.equal(first["label"], SLAB)
