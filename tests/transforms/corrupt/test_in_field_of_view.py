import pytest
import torch
from monai.transforms import Lambda

from synfine_monai.transforms.corrupt import InFieldOfView, PartialVolume

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
