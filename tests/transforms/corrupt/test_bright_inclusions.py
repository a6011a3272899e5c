import numpy as np
import pytest
import sinogram
import torch
from scipy.ndimage import grey_dilation

from synfine_monai.transforms.corrupt import BrightInclusions

PLACES = [(20, -15), (-18, 10), (-5, -25)]
ROWS, COLUMNS = np.mgrid[:96, :96] - 48
BODIES = sum(5 * np.clip(4.5 - np.hypot(ROWS - y, COLUMNS - x), 0, 1) for y, x in PLACES)


@pytest.fixture
def placed(monkeypatch):
    """Inclusions at the known places."""
    centres = torch.tensor([[0.0, 48 + y, 48 + x] for y, x in PLACES])
    monkeypatch.setattr(BrightInclusions, "_centres", lambda self, volume: centres)
    return BrightInclusions(1, radius=4, density=5, hardening=0.01)


def test_streaks_are_those_of_hardened_projections(placed, seen):
    projections = sinogram.project(BODIES, 180)
    reference = sinogram.reconstruct(sinogram.hardened(projections, 0.01)) - sinogram.reconstruct(projections)
    fast = placed(torch.zeros(1, 96, 96))[0].numpy() - BODIES
    beside = seen & (grey_dilation(BODIES, 9) == 0)
    assert np.corrcoef(fast[beside], reference[beside])[0, 1] > 0.95
    assert fast[beside].std() == pytest.approx(reference[beside].std(), rel=0.1)


def test_the_line_between_two_inclusions_is_dark(placed):
    out = placed(torch.ones(1, 96, 96))[0]
    between = [out[48 + round(20 - 38 * t), 48 + round(-15 + 25 * t)].item() for t in (0.3, 0.5, 0.7)]
    assert max(between) < out.median() - 0.05


def test_inclusions_replace_solid_and_are_as_many_as_asked_for():
    image = torch.zeros(1, 100, 100)
    image[..., 30:] = 1.0
    generator = torch.Generator().manual_seed(0)
    out = BrightInclusions(30, radius=1, density=5, hardening=0, generator=generator)(image)
    assert (out == 5).sum() == 3
    assert torch.equal(out[..., :28], image[..., :28])


def test_spheres_reach_over_slices():
    out = BrightInclusions(10, radius=3, hardening=0, generator=torch.Generator().manual_seed(1))(
        torch.rand(1, 12, 100, 100, generator=torch.Generator().manual_seed(2))
    )
    sections = (out[0] == 5).sum((1, 2))
    assert 2 <= (sections > 0).sum() <= 12
    assert 0 < sections.amax() <= 2 * 37  # a section holds at most the largest circle of each
