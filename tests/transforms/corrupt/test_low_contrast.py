import pytest
import torch

from synfine_monai.transforms.corrupt import CoarserVoxels, LowContrast

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
