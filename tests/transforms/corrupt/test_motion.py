import math

import pytest
import sinogram
import torch

from synfine_monai.transforms.corrupt import Motion


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def jump(shift, seed):
    """Where ``Motion`` with this seed jumps to: (down, right)."""
    direction = 2 * math.pi * torch.rand((), generator=seeded(seed)).item()
    return shift * math.sin(direction), shift * math.cos(direction)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("start", [0.3, 0.5])
def test_motion_is_that_of_a_sample_that_jumps_during_the_scan(grains, likeness, seed, start):
    before, after = grains(), grains(*jump(5.0, seed))
    reference = sinogram.reconstruct(sinogram.scan_moved(before, after, 180, start))
    reference -= sinogram.reconstruct(sinogram.project(before, 180))
    fast = Motion(5.0, start, seeded(seed))(torch.from_numpy(before)[None])[0].numpy() - before
    correlation, ratio = likeness(fast, reference)
    assert correlation > 0.95
    assert ratio < 1.1


def test_edges_are_doubled_by_the_shift():
    line = torch.zeros(1, 128, 128)
    line[..., 64] = 1.0
    seed = next(seed for seed in range(50) if abs(jump(8.0, seed)[1]) > 7.9)
    whole = Motion(8.0, 0.0, seeded(seed))(line)  # it jumps before the first view
    assert abs(int(whole[0, 64].argmax()) - 64) == 8
    halves = sum(Motion(8.0, start, seeded(seed))(line) for start in (0.0, 1.0))
    assert sorted(halves[0, 64].topk(2).indices.tolist()) in ([56, 64], [64, 72])


def test_no_shift_changes_nothing(grains):
    image = torch.from_numpy(grains())[None].float()
    torch.testing.assert_close(Motion(0.0)(image), image, atol=1e-5, rtol=0)
    torch.testing.assert_close(Motion(6.0, start=1.0)(image), image, atol=1e-5, rtol=0)
