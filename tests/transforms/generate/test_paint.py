import numpy as np
import pytest
import torch

from synfine_monai.conventions import PHASES
from synfine_monai.transforms.generate import RandPaint, RandSeams

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
