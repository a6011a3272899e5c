"""Bare rock in noisy air is found to 1 % of its voxels, whatever its shape, with the pores that open to its rim."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from synfine_monai.survey import find_field_of_view

DEPTH, SIDE = 24, 128
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
ANGLE, DISTANCE = np.arctan2(ROWS, COLUMNS), np.hypot(ROWS, COLUMNS)
TURNED = np.abs(np.cos(0.4) * ROWS + np.sin(0.4) * COLUMNS), np.abs(np.cos(0.4) * COLUMNS - np.sin(0.4) * ROWS)
SHAPES = {
    "cylinder": DISTANCE < 51,
    "square plug": np.maximum(np.abs(ROWS), np.abs(COLUMNS)) < 45,
    "turned square plug": np.maximum(*TURNED) < 40,
    "irregular chip": 44 + 5 * np.cos(2 * ANGLE) + 3 * np.sin(3 * ANGLE) + 2 * np.cos(5 * ANGLE) > DISTANCE,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("metal", [False, True])
def test_bare_rock_is_found_to_a_percent_and_its_porosity_is_unbiased(shape, metal):
    rng, core = np.random.default_rng(0), np.broadcast_to(SHAPES[shape], (DEPTH, SIDE, SIDE))
    texture = gaussian_filter(rng.standard_normal(core.shape), 2)
    pore = texture < np.quantile(texture, 0.2)
    grey = np.where(core, np.where(pore, 14_000, 30_000), 12_000) + 2_200 * rng.standard_normal(core.shape)
    if metal:
        grey[core & (texture > np.quantile(texture, 0.99))] = 4e5
    found = find_field_of_view(grey.astype(np.float32))
    assert (found ^ core).sum() / core.sum() < 0.01
    measured = ((found & core & pore).sum() + (found & ~core).sum()) / found.sum()
    assert measured == pytest.approx(pore[core].mean(), abs=0.005)
