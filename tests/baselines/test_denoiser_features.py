from dataclasses import replace

import numpy as np
import pytest
import torch
from monai.networks.schedulers import DDIMScheduler
from scipy.ndimage import gaussian_filter
from torch.nn.functional import interpolate

from synfine_monai.baselines import DenoiserFeaturesBaseline, denoiser_features
from synfine_monai.baselines.denoiser_features import DenoiserFeatures
from synfine_monai.baselines.grey_level import LookupBaseline
from synfine_monai.conventions import UNLABELLED
from synfine_monai.data import LabelledSlice
from synfine_monai.errors import ScanError
from synfine_monai.networks import RockDenoiser, RockUNet

SCHEDULER = DDIMScheduler(schedule="cosine", prediction_type="v_prediction", clip_sample=False)


@pytest.fixture(scope="module")
def denoiser():
    torch.manual_seed(0)
    network = RockDenoiser(channels=(8, 8, 16))
    torch.nn.init.normal_(network.level.shifts.weight, std=0.2)
    with torch.no_grad():  # batch norm sees something
        network(torch.randn(16, 1, 32, 32), torch.arange(16) * 60)
    return network.eval()


@pytest.fixture(autouse=True)
def few_pixels(monkeypatch):
    monkeypatch.setattr(denoiser_features, "_MOST_PIXELS", 3000)


def features_of(network, **options):
    return DenoiserFeatures(network, SCHEDULER.alphas_cumprod, **options)


def textures(seed=0, size=128):
    """Smooth and rough parts: grey levels of one and the same distribution, another length of correlation."""
    rng = np.random.default_rng(seed)
    smooth, rough = (gaussian_filter(rng.normal(size=(size, size)), sigma) for sigma in (3.0, 0.6))
    label = (gaussian_filter(rng.normal(size=(size, size)), 10) > 0).astype(np.uint8)
    image = np.where(label, rough / rough.std(), smooth / smooth.std()).astype(np.float32)
    return LabelledSlice(image, label, np.ones_like(label, dtype=bool), "rock", "A", 0)


def square_only(whole):
    """The slice with a labelled square of 64×64."""
    label = np.full_like(whole.label, UNLABELLED)
    label[20:84, 20:84] = whole.label[20:84, 20:84]
    return replace(whole, label=label)


def test_textures_are_told_apart_that_grey_levels_cannot(denoiser):
    train, test = textures(seed=1), textures(seed=2)
    found = DenoiserFeaturesBaseline(denoiser, SCHEDULER, members=2).fit([train]).predict(test.image)
    by_grey_level = LookupBaseline(2).fit([train]).predict(test.image)
    assert (by_grey_level == test.label).mean() < 0.6
    assert (found == test.label).mean() > 0.85


def test_windows_give_the_features_and_classes_of_the_whole_slice(denoiser, monkeypatch):
    image = textures(size=150).image[:, :131]
    baseline = DenoiserFeaturesBaseline(denoiser, SCHEDULER, members=1).fit([square_only(textures())])
    everywhere = np.ones(image.shape, dtype=bool)
    whole, classes = baseline.features.of_pixels(image, everywhere), baseline.predict(image)
    monkeypatch.setattr(denoiser_features, "_WINDOW", 40)
    assert len(list(baseline.features.windows(image, everywhere))) == 16
    assert np.allclose(baseline.features.of_pixels(image, everywhere), whole, atol=1e-4)
    assert (baseline.predict(image) == classes).mean() > 0.9999


def test_a_pixel_sees_no_further_than_the_margin(denoiser):
    image, pixel = textures().image, np.zeros((128, 128), dtype=bool)
    pixel[61, 66] = True
    features, touched = features_of(denoiser), image.copy()
    near = np.hypot(*np.mgrid[-61:67, -66:62]) < 100
    near[61 - 23 : 61 + 24, 66 - 23 : 66 + 24] = False
    touched[near] += 5.0
    assert np.allclose(features.of_pixels(image, pixel), features.of_pixels(touched, pixel), atol=1e-5)
    touched[58, 66] += 5.0
    assert not np.allclose(features.of_pixels(image, pixel), features.of_pixels(touched, pixel), atol=1e-2)


def test_features_are_the_maps_of_blocks_enlarged_level_by_level(denoiser):
    image = textures(size=64).image
    everywhere = np.ones((64, 64), dtype=bool)
    features = features_of(denoiser, levels=(0, 300), blocks=("down_2", "up_1"))
    (window,) = features.windows(image, everywhere)
    assert [tuple(each.shape) for each in window.maps] == [(1, 32, 16, 16), (1, 16, 64, 64)]
    enlarged = [interpolate(each, (64, 64), mode="bilinear", align_corners=False) for each in window.maps]
    expected = torch.cat(enlarged, dim=1)[0].flatten(1).T
    assert np.allclose(features.of_pixels(image, everywhere), expected, atol=1e-4)


def test_the_last_block_answers_what_the_heads_read(denoiser):
    image = textures(size=64).image
    (window,) = features_of(denoiser, levels=(250,), blocks=("up_1",), seed=4).windows(image, image == image)
    noise = torch.randn(64, 64, generator=torch.Generator().manual_seed(4))
    level = torch.tensor([250])
    noisy = SCHEDULER.add_noise(torch.from_numpy(image)[None, None], noise[None, None], level)
    with torch.no_grad():
        answer = denoiser(noisy, level)
        assert torch.allclose(denoiser.head(window.maps[0]), answer[:, 1:], atol=1e-4)
        assert torch.allclose(denoiser.image_head(window.maps[0]), answer[:, :1], atol=1e-4)


def test_repeats_by_seed(denoiser):
    rock, image = square_only(textures()), textures(seed=3).image
    first, again, other = (
        DenoiserFeaturesBaseline(denoiser, SCHEDULER, seed, members=1).fit([rock]) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.predict(image), again.predict(image))
    assert not np.array_equal(first.predict(image), other.predict(image))


def test_only_labels_inside_the_core_are_learned_from(denoiser):
    whole = square_only(textures())
    rock = replace(whole, fov=np.arange(128)[None] < np.full((128, 1), 60))
    beyond, far = rock.label.copy(), rock.image.copy()
    beyond[:, 60:] = 1 - whole.label[:, 60:] % 2
    far[:, 110:] += 3.0  # no labelled pixel sees this
    first, second = (
        DenoiserFeaturesBaseline(denoiser, SCHEDULER, members=1).fit([each])
        for each in (rock, replace(rock, label=beyond, image=far))
    )
    assert all(np.array_equal(array, second.arrays()[name]) for name, array in first.arrays().items())


def test_many_labels_are_thinned_out_over_all_slices(denoiser, monkeypatch):
    monkeypatch.setattr(denoiser_features, "_MOST_PIXELS", 300)
    baseline, seen = DenoiserFeaturesBaseline(denoiser, SCHEDULER, members=1), []
    monkeypatch.setattr(baseline.classifier, "fit", lambda features, labels: seen.append((features, labels)))
    slices = [textures(seed=1), square_only(textures(seed=2))]
    baseline.fit(slices)
    ((features, labels),) = seen
    assert features.shape == (300, 3 * (16 + 8 + 8))
    share = np.concatenate([slices[0].label.ravel(), slices[1].label[20:84, 20:84].ravel()]).mean()
    assert labels.mean() == pytest.approx(share, abs=0.005)


def test_arrays_hold_the_classifier_and_the_denoiser(denoiser, tmp_path):
    rock, image = square_only(textures()), textures(seed=3).image[:90]
    options = {"seed": 5, "levels": (30, 200), "blocks": ("up_0", "down_0"), "members": 2}
    baseline = DenoiserFeaturesBaseline(denoiser, SCHEDULER, **options).fit([rock])
    np.savez(tmp_path / "baseline.npz", **baseline.arrays())
    with np.load(tmp_path / "baseline.npz", allow_pickle=False) as arrays:
        again = DenoiserFeaturesBaseline.from_arrays(dict(arrays))
    assert np.array_equal(again.predict(image), baseline.predict(image))


def test_the_denoiser_stays_as_it_is_and_may_be_trained_on(denoiser):
    network = RockDenoiser(channels=(4, 4, 4)).train()
    features, image = features_of(network), textures(size=64).image
    before = features.of_pixels(image, image > 1)
    for parameter in network.parameters():
        assert parameter.requires_grad
        parameter.data.zero_()
    assert network.training
    assert np.array_equal(features.of_pixels(image, image > 1), before)


def test_only_the_core_is_classified(denoiser):
    disc = np.hypot(*np.mgrid[-64:64, -64:64]) < 50
    baseline = DenoiserFeaturesBaseline(denoiser, SCHEDULER, members=1).fit([replace(textures(), fov=disc)])
    assert np.array_equal(baseline.predict(textures().image, disc) != UNLABELLED, disc)


def test_refuses_another_kind_of_network():
    with pytest.raises(TypeError, match="RockDenoiser, got a RockUNet"):
        features_of(RockUNet())


@pytest.mark.parametrize("levels", [(), (-1,), (50, 1000)])
def test_refuses_levels_that_the_schedule_lacks(denoiser, levels):
    with pytest.raises(ValueError, match="noise levels from 0 to 999"):
        features_of(denoiser, levels=levels)


@pytest.mark.parametrize("blocks", [(), ("up_1", "head")])
def test_refuses_blocks_that_the_network_lacks(denoiser, blocks):
    with pytest.raises(ValueError, match="among down_0, down_1"):
        features_of(denoiser, blocks=blocks)


def test_refuses_slices_without_labels(denoiser):
    rock = textures()
    rock.label[:] = UNLABELLED
    with pytest.raises(ScanError, match="hold only 255"):
        DenoiserFeaturesBaseline(denoiser, SCHEDULER).fit([rock])
