import numpy as np
import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate import RandLabelBoundary, RandPaint, RandSeams

GREY = {"matrix": 1.0, "pore": 0.0, "water": 0.3, "clay": 0.6, "dense": 2.0}


def stripes():
    return {"phase": torch.arange(5, dtype=torch.uint8).repeat_interleave(20)[None, None].expand(4, 100, 100).clone()}


def test_every_phase_gets_its_own_grey_level():
    image = RandPaint(GREY).set_random_state(seed=0)(stripes())["image"]
    assert image.shape == (1, 4, 100, 100)
    for index, name in enumerate(PHASES):
        assert image[..., 20 * index + 10].unique().tolist() == pytest.approx([GREY[name]])


def test_texture_stays_in_its_phase_and_has_its_spread():
    part = RandPaint(GREY, {"clay": 0.2}, texture_length=1.0).set_random_state(seed=0)
    image = part(stripes())["image"]
    assert image[..., 60:80].std() == pytest.approx(0.2, rel=0.1)
    assert image[..., :60].std(-2).amax() < 1e-6


def test_grains_differ_in_tone_within_the_matrix_only():
    sample = {**stripes(), "tone": torch.full((4, 100, 100), 2.0)}
    image = RandPaint(GREY, tone=0.1, bright=0.3).set_random_state(seed=0)(sample)["image"]
    assert image[..., 10].mean() == pytest.approx(1 + 0.1 * 2 + 0.3)
    assert image[..., 30].mean() == pytest.approx(0)


def test_refuses_a_palette_that_lacks_a_phase_of_the_rock():
    with pytest.raises(ValueError, match="no level for the phase matrix"):
        RandPaint({"pore": 0.0})(stripes())


def test_refuses_an_unknown_phase():
    with pytest.raises(ValueError, match=r"\['basalt'\], but the phases are matrix"):
        RandPaint({**GREY, "basalt": 1.0})


def test_a_palette_may_lack_a_phase_that_the_rock_lacks():
    sample = {"phase": torch.zeros(1, 8, 8, dtype=torch.uint8)}
    assert (RandPaint({"matrix": 1.0}).set_random_state(seed=0)(sample)["image"] == 1).all()


def test_seams_darken_the_faces_of_matrix_grains():
    gap = torch.arange(100.0).expand(4, 100, 100)
    sample = {**stripes(), "gap": gap, "image": torch.ones(1, 4, 100, 100)}
    image = RandSeams(0.5, 1.0, prob=1.0).set_random_state(seed=0)(sample)["image"]
    assert image[..., 0].amin() < 0.9
    assert image.amin() >= 0.5 - np.finfo(np.float32).eps
    assert (image[..., 5:] == 1).all()


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
