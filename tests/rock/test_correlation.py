import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.rock import two_point_correlation, two_point_error

BOX = np.ones((256, 256), bool)


def counted_pair_by_pair(pores: np.ndarray, fov: np.ndarray, r: int) -> float:
    both = pairs = 0
    for y, x in np.argwhere(fov):
        for there in ((y + r, x), (y, x + r)):
            if there[0] < fov.shape[0] and there[1] < fov.shape[1] and fov[there]:
                pairs += 1
                both += pores[y, x] and pores[there]
    return both / pairs


def test_independent_voxels_correlate_by_chance_only():
    correlation = two_point_correlation(np.random.default_rng(0).random((4, 256, 256)) < 0.3, np.stack([BOX] * 4))
    assert correlation[0] == pytest.approx(0.3, abs=0.005)
    np.testing.assert_allclose(correlation[1:], 0.09, atol=0.003)


def test_stripes_come_back_after_a_period():
    period = 8
    stripes = np.broadcast_to(np.arange(256) % period < period / 2, (256, 256))
    correlation = two_point_correlation(stripes, BOX, reach=2 * period)
    r = np.arange(2 * period + 1)
    across = np.abs(r % period - period / 2) / period
    np.testing.assert_allclose(correlation, (across + 0.5) / 2, atol=0.01)


def test_agrees_with_pairs_counted_one_by_one_inside_a_round_core():
    rows, columns = np.mgrid[:24, :30]
    fov = np.hypot(rows - 11, columns - 14) < 10
    pores = np.random.default_rng(1).random(fov.shape) < 0.4
    correlation = two_point_correlation(pores, fov, reach=12)
    assert correlation == pytest.approx([counted_pair_by_pair(pores, fov, r) for r in range(13)])


def test_agrees_with_porespy_along_a_line():
    porespy = pytest.importorskip("porespy")
    line = np.repeat(np.random.default_rng(2).random(100) < 0.4, 5)[None]
    theirs = porespy.metrics.two_point_correlation(line, bins=np.arange(-0.5, 21)).probability
    ours = two_point_correlation(line, np.ones_like(line), reach=20)
    np.testing.assert_allclose(ours / line.mean(), theirs / theirs[0])


def test_what_lies_outside_the_core_is_never_seen():
    fov = np.zeros_like(BOX)
    fov[40:200, 60:190] = True
    pores = np.random.default_rng(3).random(BOX.shape) < 0.4
    expected = two_point_correlation(pores[40:200, 60:190], BOX[40:200, 60:190])
    np.testing.assert_array_equal(two_point_correlation(pores | ~fov, fov), expected)


def test_slices_are_pooled_and_never_paired_with_each_other():
    images = np.random.default_rng(4).random((2, 64, 64)) < 0.3
    side_by_side = [two_point_correlation(image, BOX[:64, :64]) for image in images]
    together = two_point_correlation(images, np.ones_like(images))
    np.testing.assert_allclose(together, np.mean(side_by_side, axis=0))


def test_distances_that_no_pair_has_are_unknown():
    correlation = two_point_correlation(BOX[:4, :4], BOX[:4, :4], reach=6)
    np.testing.assert_array_equal(correlation, [1, 1, 1, 1, np.nan, np.nan, np.nan])


def test_no_error_where_nothing_differs():
    pores = np.random.default_rng(5).random(BOX.shape) < 0.2
    assert two_point_error(pores, pores, BOX) == 0


def test_error_of_an_empty_prediction_is_the_mean_of_the_truth():
    pores = np.random.default_rng(6).random(BOX.shape) < 0.2
    truth = two_point_correlation(pores, BOX)
    assert two_point_error(np.zeros_like(BOX), pores, BOX) == pytest.approx(100 * truth.mean() / truth[0])


def test_right_porosity_in_wrong_places_of_wrong_size_is_an_error():
    fine = np.indices(BOX.shape).sum(0) % 2 == 0
    coarse = np.indices(BOX.shape)[0] // 16 % 2 == 0
    assert fine.mean() == coarse.mean()
    assert two_point_error(fine, coarse, BOX) > 10


def test_no_error_can_be_given_without_true_pores():
    assert two_point_error(BOX, np.zeros_like(BOX), BOX) is None
    assert two_point_error(BOX, BOX, np.zeros_like(BOX)) is None


def test_refuses_shapes_that_differ():
    with pytest.raises(ScanError, match="alike"):
        two_point_correlation(BOX, BOX[:10])
