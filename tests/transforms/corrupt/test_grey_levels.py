import numpy as np
import pytest
import torch
from monai.transforms import Lambda

from synfine_monai.errors import ScanError
from synfine_monai.transforms.corrupt import CORRUPTION_NAMES, InFieldOfView, PartialVolume, corrupt_grey

random = np.random.default_rng(0)
FOV = np.broadcast_to(np.hypot(*(np.mgrid[:64, :64] - 31.5)) < 28, (3, 64, 64))
PORES = np.kron(random.uniform(size=(1, 16, 16)) < 0.25, np.ones((3, 4, 4), bool))
GREY = np.where(FOV, np.where(PORES, 10_000, 30_000) + random.normal(scale=300, size=FOV.shape), 0.0)


@pytest.mark.parametrize("name", CORRUPTION_NAMES)
def test_the_core_changes_and_nothing_else(name):
    before = GREY.copy()
    out = corrupt_grey(GREY, FOV, name, 3, seed=0)
    assert out.shape == GREY.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert (out[~FOV] == 0).all()
    assert (out[FOV] - GREY[FOV]).std() > 400
    assert np.array_equal(GREY, before)
    assert np.array_equal(out, corrupt_grey(GREY, FOV, name, 3, seed=0))


def test_grey_levels_of_another_scanner_give_the_same_artefact():
    first, other = (corrupt_grey(scan, FOV, "zingers", 4, seed=1) for scan in (GREY, GREY / 100 - 50))
    np.testing.assert_allclose(other[FOV], first[FOV] / 100 - 50, atol=0.01)


def test_hardening_is_deepest_on_the_axis_of_the_core():
    out = corrupt_grey(GREY, FOV, "beam_hardening", 5, seed=0)
    solid = FOV & ~PORES
    radius = np.broadcast_to(np.hypot(*(np.mgrid[:64, :64] - 31.5)), FOV.shape)
    inner, rim = (solid & (radius < 6)), (solid & (radius > 27))
    air, bulk = 10_000, 30_000
    assert (out[inner].mean() - air) / (bulk - air) == pytest.approx(0.5, abs=0.04)
    assert (out[rim].mean() - air) / (bulk - air) > 0.85


def test_refuses_a_scan_without_a_rock():
    with pytest.raises(ScanError, match="same grey level"):
        corrupt_grey(np.ones((1, 8, 8)), np.ones((1, 8, 8), bool), "rings", 1, seed=0)


ROWS = torch.arange(48)[:, None] - 20
DISC = (torch.hypot(ROWS, torch.arange(64) - 36.0) < 15).expand(3, -1, -1)
CORE = torch.where(DISC, 1.0, -50.0)[None]


def test_the_outside_stays_bit_identical_and_does_not_leak_in():
    noisy = CORE + 0.01 * torch.rand(CORE.shape, generator=torch.Generator().manual_seed(0))
    before = noisy.clone()
    out = InFieldOfView(PartialVolume(2.0))(noisy, DISC)
    assert torch.equal(out[:, ~DISC], noisy[:, ~DISC])
    assert (out[:, DISC] - 1).abs().amax() < 0.02
    assert torch.equal(noisy, before)


def test_the_corruption_sees_the_box_around_the_core():
    shapes = []
    InFieldOfView(Lambda(lambda box: shapes.append(box.shape) or box))(CORE, DISC)
    assert shapes == [(1, 3, 29, 29)]


def test_the_core_is_shown_to_corruptions_that_ask_for_it():
    class Masked(Lambda):
        sees_core = True

        def __call__(self, image, inside):
            return torch.where(inside, 5.0, image)

    out = InFieldOfView(Masked(lambda image: image))(CORE, DISC)
    assert (out[:, DISC] == 5).all()


def test_a_single_plane_works_alike():
    out = InFieldOfView(PartialVolume(1.0))(CORE[:, 0], DISC[0])
    torch.testing.assert_close(out, CORE[:, 0])


def test_what_is_already_filled_inside_keeps_its_type():
    assert InFieldOfView(PartialVolume(0.0))(CORE.half(), DISC).dtype == torch.float16


@pytest.mark.parametrize(("fov", "words"), [(DISC[:2], r"shape \(1, 3, 48, 64\)"), (DISC & False, "empty")])
def test_refuses_masks_that_do_not_fit(fov, words):
    with pytest.raises(ValueError, match=words):
        InFieldOfView(PartialVolume(1.0))(CORE, fov)
