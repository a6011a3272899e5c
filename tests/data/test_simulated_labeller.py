import numpy as np
import pytest
from scipy.ndimage import distance_transform_cdt

from synfine_monai.data import (
    LabelledSlice,
    NothingToCorrect,
    add_strokes,
    corrective_paths,
    find_strokes,
    simulate_strokes,
)
from synfine_monai.data.simulated_labeller import walk
from synfine_monai.errors import ScanError


def truth(z):
    rng = np.random.default_rng(z)
    label = np.kron(rng.random((10, 10)) > 0.6, np.ones((16, 16), bool)).astype(np.uint8)
    label[:, -20:] = 255
    return LabelledSlice(np.zeros(label.shape, np.float32), label, label != 255, "core", "A", z)


SLICES = [truth(z) for z in range(6)]


def drawn(slices):
    return [(s, s.label != 255) for s in slices]


def test_strokes_are_right_and_keep_away_from_boundaries():
    for s, mask in drawn(simulate_strokes(SLICES, 10)):
        whole = SLICES[s.z].label
        assert (s.label[mask] == whole[mask]).all()
        for k in (0, 1):
            assert (
                distance_transform_cdt(np.pad(whole == k, 1), "chessboard")[1:-1, 1:-1][mask & (whole == k)] > 1
            ).all()


def test_budget_is_kept_in_strokes_slices_and_voxels():
    found = simulate_strokes(SLICES, 10)
    assert len(found) <= 3
    for k in (0, 1):
        voxels = sum(int((s.label == k).sum()) for s in found)
        assert 10 * 20 < voxels <= 10 * 22 * 3 + 10 * 9
    clicks = simulate_strokes(SLICES, 4, length=1, brush=1)
    assert sum(int((s.label != 255).sum()) for s in clicks) == 8


def test_the_seed_says_where():
    first, again, other = (simulate_strokes(SLICES, 3, seed=seed) for seed in (1, 1, 2))
    assert all((a.label == b.label).all() for a, b in zip(first, again, strict=True))
    assert [s.label.tobytes() for s in first] != [s.label.tobytes() for s in other]


def test_corrections_start_where_a_result_is_wrong():
    results = [s.label.copy() for s in SLICES]
    hole = np.zeros_like(results[4], bool)
    hole[:64] = True
    results[4][hole & (results[4] == 0)] = 1
    found = simulate_strokes(SLICES, 2, results=results)
    assert [s.z for s in found] == [4]
    assert set(np.unique(found[0].label)) == {0, 255}
    with pytest.raises(NothingToCorrect, match="nothing to correct"):
        simulate_strokes(SLICES, 2, results=[s.label for s in SLICES])


def test_rounds_add_up():
    first, second = simulate_strokes(SLICES, 2, seed=1), simulate_strokes(SLICES, 2, seed=2)
    both = add_strokes(first, second)
    assert len({s.z for s in both}) == len(both)
    labelled = sum(int((s.label != 255).sum()) for s in both)
    assert max(sum(int((s.label != 255).sum()) for s in r) for r in (first, second)) <= labelled


def test_a_walk_goes_straight_until_it_cannot():
    allowed = np.zeros((5, 9), bool)
    allowed[2, :6] = allowed[3, 5] = True
    assert walk(allowed, (2, 0), 20, heading=0) == [(2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 5)]
    assert walk(allowed, (2, 0), 4, heading=0) == [(2, 0), (2, 1), (2, 2), (2, 3)]


def test_a_thin_class_is_drawn_all_the_same():
    label = np.zeros((80, 80), np.uint8)
    label[40] = 1
    thin = LabelledSlice(np.zeros((80, 80), np.float32), label, label < 9, "core", "A", 0)
    (found,) = simulate_strokes([thin], 1)
    strokes = find_strokes([(0, found.label, found.label != 255)])
    assert strokes.count == 2
    assert (found.label == 1).sum() == 22  # a brush of three is a voxel longer at both ends


@pytest.mark.parametrize("wrong", [{"strokes": 0}, {"brush": 2}, {"length": 0}, {"from_boundary": -1}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ScanError, match="odd brush"):
        simulate_strokes(SLICES, **wrong)


def test_corrective_strokes_begin_in_the_middle_of_the_largest_wrong_part_of_each_class():
    mask = np.zeros((40, 60), np.uint8)
    mask[5:25, 5:25] = 1
    mask[30:37, 40:50] = 1
    scan_slice = LabelledSlice(np.zeros((40, 60), np.float32), mask, np.ones((40, 60), bool), "a", "a", 0)
    result = np.zeros_like(mask)  # every pore is missed, and no matrix is
    paths = corrective_paths([scan_slice], [result], 2, length=3)
    assert [(k, where) for k, where, _ in paths] == [(1, 0), (1, 0)]
    (large, small) = (path[0] for _, _, path in paths)
    assert 12 <= large[0] <= 16
    assert 12 <= large[1] <= 16
    assert 30 < small[0] < 37
    assert corrective_paths([scan_slice], [mask], 2) == []


def test_corrective_strokes_keep_away_from_boundaries_and_in_their_class():
    mask = (np.add.outer(np.arange(50) // 9, np.arange(50) // 9) % 2).astype(np.uint8)
    scan_slice = LabelledSlice(np.zeros((50, 50), np.float32), mask, np.ones((50, 50), bool), "a", "a", 0)
    for k, _, path in corrective_paths([scan_slice], [1 - mask], 5, length=20, seed=3):
        for y, x in path:
            assert (mask[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] == k).all()
