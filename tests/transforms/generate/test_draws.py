import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from synfine_monai.conventions import PHASES
from synfine_monai.errors import ScanError
from synfine_monai.transforms.generate import class_table, gaussian_blur, log_uniform, phase_mask, smooth_noise, uniform


@pytest.mark.parametrize("length", [0, 0.6, 2, 5])
@pytest.mark.parametrize("density", [None, 0.2])
def test_mean_zero_and_unit_variance_at_borders_too(length, density):
    random = np.random.RandomState(0)
    fields = torch.stack([smooth_noise(random, (1, 12, 12), length, density=density) for _ in range(1500)])
    assert fields.mean().abs() < 0.08
    assert fields.var(0).amin() > 0.8
    assert fields.var(0).amax() < 1.25


def test_covariance_is_that_of_the_kernel():
    random = np.random.RandomState(0)
    fields = torch.stack([smooth_noise(random, (1, 1, 16), 3.0) for _ in range(6000)])[:, 0, 0]
    for distance in (2, 4, 6):
        expected = np.exp(-(distance**2) / (4 * 3.0**2))
        assert (fields[:, 5] * fields[:, 5 + distance]).mean() == pytest.approx(expected, abs=0.05)


def test_rare_specks_are_skewed_and_even_ones_are_not():
    random = np.random.RandomState(0)
    rare, even = (smooth_noise(random, (1, 200, 200), 1.5, density=share) for share in (0.02, 0.5))
    assert (rare**3).mean() > 0.5
    assert (even**3).mean().abs() < 0.2


def test_same_seed_same_field():
    fields = [smooth_noise(np.random.RandomState(seed), (4, 20, 20), 2.0) for seed in (1, 1, 2)]
    assert torch.equal(fields[0], fields[1])
    assert not torch.equal(fields[0], fields[2])


def test_blur_agrees_with_scipy_and_keeps_a_constant():
    field = torch.randn(9, 30, 31, generator=torch.Generator().manual_seed(0))
    expected = gaussian_filter(field.numpy(), 1.2, truncate=8, mode="constant")
    np.testing.assert_allclose(gaussian_blur(field, 1.2)[4:5, 8:-8, 8:-8], expected[4:5, 8:-8, 8:-8], atol=2e-3)
    torch.testing.assert_close(gaussian_blur(torch.full((3, 9, 9), 2.0), 3.0), torch.full((3, 9, 9), 2.0))


def test_blur_of_a_plane_leaves_its_thickness_alone():
    assert gaussian_blur(torch.ones(1, 8, 8), 1.0).shape == (1, 8, 8)


def test_blur_that_keeps_variance_does_so_at_the_borders():
    noise = torch.randn(2000, 1, 16, generator=torch.Generator().manual_seed(0))
    spread = torch.stack([gaussian_blur(line[None], 1.5, norm=2) for line in noise]).std(0)
    assert (spread - 1).abs().amax() < 0.1


def test_a_number_is_itself():
    random = np.random.RandomState(0)
    assert uniform(random, 0.3) == 0.3
    assert log_uniform(random, 7) == pytest.approx(7)


def test_draws_have_the_medians_of_their_distributions():
    random = np.random.RandomState(0)
    assert np.median([uniform(random, (1, 9)) for _ in range(4000)]) == pytest.approx(5, rel=0.05)
    assert np.median([log_uniform(random, (1, 9)) for _ in range(4000)]) == pytest.approx(3, rel=0.05)


def test_refuses_ranges_that_run_backwards_or_have_no_logarithm():
    random = np.random.RandomState(0)
    with pytest.raises(ValueError, match="backwards"):
        uniform(random, (2, 1))
    with pytest.raises(ValueError, match="positive"):
        log_uniform(random, (0, 1))


SANDSTONE = {"pore": 0, "clay": 1, "matrix": 2, "dense": 3, "water": 0}


def test_table_takes_phase_index_to_class():
    assert class_table(SANDSTONE).tolist() == [2, 0, 0, 1, 3]
    assert class_table(SANDSTONE).dtype == torch.uint8


@pytest.mark.parametrize("change", [{"glass": 4}, {"pore": 255}, {"pore": -1}])
def test_refuses_unknown_phases_and_classes_that_no_label_can_hold(change):
    with pytest.raises(ScanError, match="class_of_phase"):
        class_table({**SANDSTONE, **change})


def test_refuses_a_missing_phase():
    with pytest.raises(ScanError, match="water"):
        class_table({name: 0 for name in PHASES if name != "water"})


def test_mask_is_true_in_the_named_phases_only():
    phase = torch.arange(5, dtype=torch.uint8)
    assert phase_mask(phase, ("pore", "clay")).tolist() == [False, True, False, True, False]
