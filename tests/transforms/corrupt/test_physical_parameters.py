"""What is not physical is refused by every corruption, and so are grey levels."""

import pytest
import torch

from synfine_monai.transforms.corrupt import (
    BeamHardening,
    BrightInclusions,
    CoarserVoxels,
    ElectronicNoise,
    LowContrast,
    Motion,
    PartialRings,
    PhaseContrast,
    Rings,
    Scatter,
    Streaks,
    Zingers,
)

CORRUPTIONS = [
    BeamHardening(0.1), BrightInclusions(10), CoarserVoxels(2), ElectronicNoise(0.01), LowContrast(0.5), Motion(2),
    PartialRings(1.0), PhaseContrast(1.0), Scatter(0.1, 5), Streaks(4), Zingers(10, 0.2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("corruption", "wrong"),
    [
        (BeamHardening, (-0.1,)), (BeamHardening, (1.1,)), (BrightInclusions, (0,)), (BrightInclusions, (1, -1)),
        (BrightInclusions, (1, 3, 0)), (BrightInclusions, (1, 3, 5, -0.1)), (CoarserVoxels, (0.5,)),
        (ElectronicNoise, (-1,)), (LowContrast, (1.5,)), (LowContrast, (0.5, -1)), (Motion, (-1,)), (Motion, (1, 2)),
        (PartialRings, (-1,)), (PartialRings, (1, 0)), (PartialRings, (1, 200)), (PhaseContrast, (-1,)),
        (PhaseContrast, (1, -1)), (Scatter, (2, 5)), (Scatter, (0.1, 0)), (Scatter, (0.1, 5, -1)), (Streaks, (0,)),
        (Zingers, (-1, 1)), (Zingers, (1, -1)),
    ],
)  # fmt: skip
def test_refuses_what_is_not_physical(corruption, wrong):
    with pytest.raises(ValueError, match="must"):
        corruption(*wrong)


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: type(corruption).__name__)
def test_refuses_grey_levels_and_odd_shapes(corruption):
    with pytest.raises(TypeError, match=f"{type(corruption).__name__} needs attenuations, got torch.uint8"):
        corruption(torch.zeros(1, 8, 8, dtype=torch.uint8))
    with pytest.raises(ValueError, match="needs"):
        corruption(torch.zeros(8, 8))


def test_rings_go_around_the_axis_that_is_given():
    rings = Rings(0.1, torch.Generator().manual_seed(0), axis=(0.5, 0.5))(torch.zeros(1, 64, 64))[0]
    torch.testing.assert_close(rings[1:, 1:], rings[1:, 1:].flip(0))
    torch.testing.assert_close(rings[1:, 1:], rings[1:, 1:].T)
