"""An interval covers the truth as often as it says, with a network that is wrong; a wrong design does not."""

import numpy as np
import pytest
from known_rock import rock

from synfine_monai.planning import LOOKS, Redraws, confidence_of_a_look, difference_estimate, share_intervals

REDRAWS = 4000


@pytest.fixture(scope="module")
def phantom():
    return rock()


def coverage(phantom, design, windows, size, soft=False):
    truth, core, hard, probability = phantom
    predicted = np.where(core, probability, 0) if soft else hard.astype(float)
    share = truth[core].mean()
    assert abs(predicted[core].mean() - share) > 0.02  # of which the audit is to tell
    draws = Redraws(truth, predicted, core, size, design, probability * (1 - probability))
    _, _, low, high = share_intervals(draws.draw(windows, REDRAWS, windows))
    return np.mean((low <= share) & (share <= high)), np.mean(high - low) / 2


@pytest.mark.parametrize("windows", [16, 32])
@pytest.mark.parametrize("size", [12, 24])
@pytest.mark.parametrize(("design", "soft"), [("uniform", False), ("uncertainty", False), ("uncertainty", True)])
def test_the_interval_covers_as_often_as_it_says(phantom, design, soft, windows, size):
    assert 0.93 <= coverage(phantom, design, windows, size, soft)[0] <= 0.97


def test_eight_windows_cover_nearly_as_often(phantom):
    assert coverage(phantom, "uniform", 8, 24)[0] >= 0.9


@pytest.mark.parametrize("windows", [16, 32])
def test_windows_that_avoid_the_border_do_not_cover(phantom, windows):
    assert coverage(phantom, "inside", windows, 24)[0] < 0.85


def test_the_audit_is_narrower_than_labels_alone(phantom):
    truth, core, _, _ = phantom
    alone = Redraws(truth, np.zeros(truth.shape), core, 24)
    _, _, low, high = share_intervals(alone.draw(16, REDRAWS))
    assert coverage(phantom, "uniform", 16, 24)[1] < np.mean(high - low) / 2 / 1.5


def test_the_estimate_is_right_on_average_where_the_prediction_is_wrong(phantom):
    truth, core, hard, soft = phantom
    draws = Redraws(truth, hard, core, 12, "uncertainty", soft * (1 - soft))
    share, error = difference_estimate(draws.draw(64, REDRAWS, 5))
    assert share.mean() == pytest.approx(truth[core].mean(), abs=0.001)
    assert error.mean() == pytest.approx(share.std(), rel=0.05)


def test_looks_while_labelling_share_the_chance_of_an_error(phantom):
    truth, core, hard, _ = phantom
    share = truth[core].mean()
    all_ = Redraws(truth, hard, core, 24).draw(max(LOOKS), REDRAWS, 7)
    covered = {}
    for confidence in (0.95, confidence_of_a_look(0.95)):
        ends = [share_intervals(all_.part(np.arange(n)), confidence)[2:] for n in LOOKS]
        covered[confidence] = np.mean(np.all([(low <= share) & (share <= high) for low, high in ends], axis=0))
    assert min(covered.values()) < 0.92  # four chances to be wrong
    assert covered[confidence_of_a_look(0.95)] >= 0.945


def test_a_plain_t_interval_fails_where_errors_are_rare_and_large(phantom):
    truth, core, hard, _ = phantom
    residuals = Redraws(truth, hard, core, 8).draw(16, REDRAWS, 16)
    share, (estimate, error) = truth[core].mean(), difference_estimate(residuals)
    assert np.mean(np.abs(estimate - share) <= 2.1314 * error) < 0.91
    _, _, low, high = share_intervals(residuals)
    assert 0.93 <= np.mean((low <= share) & (share <= high)) <= 0.97
