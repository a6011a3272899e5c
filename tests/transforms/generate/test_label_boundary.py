import pytest
import torch

from synfine_monai.transforms.generate import RandLabelBoundary

SIZE = (1, 64, 64)


def disk(phase=1):
    y, x = torch.meshgrid(torch.arange(64.0) - 32, torch.arange(64.0) - 32, indexing="ij")
    return {"phase": ((y**2 + x**2 < 12**2).to(torch.uint8) * phase)[None]}


def moved(at, sample, width=1.0):
    return RandLabelBoundary(at, width).set_random_state(seed=0)(sample)["phase"]


def test_half_a_voxel_leaves_the_boundary_where_it_is():
    sample = disk()
    assert (moved(0.5, sample) != sample["phase"]).float().mean() < 0.01


@pytest.mark.parametrize(("at", "sign"), [(0.2, 1), (0.8, -1)])
def test_a_lower_share_draws_pores_larger(at, sign):
    sample = disk()
    areas = [(phase == 1).sum() for phase in (moved(at, sample), sample["phase"])]
    # a step blurred by 1 falls to 0.2 at a distance of 0.84
    radius = [(area / torch.pi) ** 0.5 for area in areas]
    assert sign * (radius[0] - radius[1]) == pytest.approx(0.84, abs=0.3)


def test_the_rim_of_water_is_water():
    phase = moved(0.2, disk(2))
    assert set(phase.unique().tolist()) == {0, 2}


def test_other_phases_and_the_image_are_left_alone():
    sample = {"phase": torch.full(SIZE, 3, dtype=torch.uint8), "image": torch.ones(1, *SIZE)}
    out = RandLabelBoundary(0.3).set_random_state(seed=0)(sample)
    assert (out["phase"] == 3).all()
    assert out["image"] is sample["image"]
