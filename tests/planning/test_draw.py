import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.planning import SliceLook, draw_windows, window_probabilities, window_totals

CORE = np.zeros((20, 30), bool)
CORE[2:, 5:] = True
UNSURE = np.random.default_rng(0).uniform(size=CORE.shape) * 0.25


def test_totals_are_the_sums_of_windows_that_hang_over_the_edge():
    values = np.random.default_rng(1).integers(0, 9, (2, 7, 9))
    totals, size = window_totals(values, 4), 4
    padded = np.pad(values, ((0, 0), (3, 3), (3, 3)))
    for y, x in ((0, 0), (3, 5), (9, 11)):
        assert (totals[:, y, x] == padded[:, y : y + size, x : x + size].sum((1, 2))).all()
    assert (totals.sum((1, 2)) == size**2 * values.sum((1, 2))).all()  # each voxel is in size² windows


@pytest.mark.parametrize("unsure", [None, UNSURE], ids=["uniform", "mixed"])
def test_every_voxel_of_the_core_can_be_drawn_and_weighs_alike(unsure):
    """The mean over draws of (voxel in window) / probability is the same for every voxel, by its exact expectation."""
    chances = window_probabilities(SliceLook(CORE, unsure), 8)
    assert chances.sum() == pytest.approx(1)
    reached = window_totals((chances > 0)[::-1, ::-1].astype(int), 8)[7:-7, 7:-7]  # windows over each voxel
    assert (reached[::-1, ::-1][CORE] == 64).all()
    alike = window_probabilities(SliceLook(CORE), 8)
    assert (chances >= alike / 2 - 1e-12).all()


def test_unsure_places_are_drawn_more_often():
    corner = np.zeros(CORE.shape)
    corner[-4:, -4:] = 0.25
    chances, alike = (window_probabilities(SliceLook(CORE, one), 4) for one in (corner, None))
    assert chances[-7:, -7:].sum() > 0.3 > 3 * alike[-7:, -7:].sum()
    sure = window_probabilities(SliceLook(CORE, np.zeros(CORE.shape)), 4)
    assert np.array_equal(sure, window_probabilities(SliceLook(CORE), 4))


def test_draws_follow_their_probabilities_and_repeat_by_seed():
    def look(z):
        return SliceLook(CORE if z != 2 else np.zeros_like(CORE), UNSURE)

    drawn = draw_windows(range(4), look, 600, 8, seed=3)
    assert {w.z for w in drawn} == {0, 1, 3}  # slice 2 holds no core
    assert np.bincount([w.z for w in drawn])[[0, 1, 3]] == pytest.approx([200] * 3, abs=45)
    chances = window_probabilities(look(0), 8)
    assert all(w.probability == pytest.approx(chances[w.y + 7, w.x + 7] / 4) for w in drawn)
    hits = np.mean([chances[w.y + 7, w.x + 7] for w in drawn])
    assert hits == pytest.approx((chances**2).sum(), rel=0.05)
    assert drawn[:20] == draw_windows(range(4), look, 20, 8, seed=3)
    assert drawn[:20] != draw_windows(range(4), look, 20, 8, seed=4)


def test_only_drawn_slices_are_looked_at_and_in_their_order():
    seen = []

    def look(z):
        seen.append(z)
        return SliceLook(CORE)

    drawn = draw_windows(range(1000), look, 5, 8)
    assert seen == sorted({w.z for w in drawn})


def test_a_window_knows_what_of_a_slice_it_covers():
    (window,) = draw_windows([0], lambda z: SliceLook(np.pad(np.ones((1, 1), bool), ((0, 19), (0, 29)))), 1, 8, 1)
    rows, columns = window.within(20, 30)
    assert rows.start == columns.start == 0
    own = window.own(20, 30)
    assert (own[0].stop, own[1].stop) == (8, 8)
    assert own[0].start == -window.y


def test_nothing_to_draw_from_is_refused():
    with pytest.raises(ScanError, match="no slice that was drawn"):
        draw_windows([0, 1], lambda z: SliceLook(np.zeros((9, 9), bool)), 4, 3)
