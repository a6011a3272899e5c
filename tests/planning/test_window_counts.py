"""What windows show of voxels and of neighbours; numbers of neighbours with their intervals; cores that do not fit."""

import numpy as np
import pytest
import tifffile
from known_rock import rock

from synfine_monai.errors import ScanError
from synfine_monai.planning import Plan, SliceLook, Window, audit_segmentation, checked_plan, draw_windows, open_audited
from synfine_monai.planning.pairs_in_windows import FACES, LAGS, pair_name, pairs_in_window
from synfine_monai.scans import open_scan

SIZE = 24


def test_pairs_of_a_checkerboard_and_of_what_is_not_labelled():
    board = (np.indices((8, 8)).sum(0) % 2).astype(np.uint8)
    core = np.ones((8, 8), bool)
    found = pairs_in_window(board, board, core, [1], 8)
    assert list(found) == [pair_name(1), FACES, pair_name(2), pair_name(4)]  # 8 is more than half a window
    pairs, predicted, labelled, blank = found[FACES]
    assert (pairs, predicted.tolist(), labelled.tolist(), blank.tolist()) == (112, [0, 112], [0, 112], [0, 0])
    assert found[pair_name(1)][1].tolist() == [112, 0]
    assert found[pair_name(2)][1].tolist() == [48, 48]
    half = np.where(np.arange(8) < 4, board, 255).astype(np.uint8)
    pairs, predicted, labelled, blank = pairs_in_window(board, half, core, [1], 8)[FACES]
    assert labelled.tolist() == [0, 4 * 7 + 8 * 3]
    assert blank.tolist() == [0, 112 - labelled[1]]
    core[:, 4:] = False
    assert pairs_in_window(board, board, core, [1], 8)[FACES][0] == labelled[1]


@pytest.fixture(scope="module")
def phantom():
    return rock()


def audited(phantom, folder, seed, windows=32, **more):
    """An audit of the phantom by windows that are labelled truly."""
    truth, core, hard, _ = phantom
    plan = Plan(draw_windows(range(len(core)), lambda z: SliceLook(core[z]), windows, SIZE, seed),
                {"model": None, "looks": None, "largest": 2.0, "scan": {"core": {}}})  # fmt: skip
    if not (folder / "core_labels.tif").is_file():
        write(folder / "core_labels.tif", np.where(core, hard, 255))
    labels = np.full(truth.shape, 255)
    for window in plan.windows:
        at = (window.z, *window.within(*truth.shape[1:]))
        labels[at] = truth[at]
    write(folder / "filled.tif", labels)
    with open_scan(folder / "core_labels.tif") as opened:
        return audit_segmentation(open_audited(opened, plan, [1], **more), plan, folder / "filled.tif")


def write(path, volume):
    tifffile.imwrite(path, volume.astype(np.uint8), photometric="minisblack")


def test_numbers_of_neighbours_are_corrected_and_covered(phantom, tmp_path):
    truth, core, hard, _ = phantom
    known = {f"s2_{lag}": share_of_pairs(truth, core, lag, np.logical_and) for lag in LAGS}
    known["specific_surface_per_voxel"] = share_of_pairs(truth, core, 1, np.logical_xor)
    hits = {name: 0 for name in known}
    for seed in range(12):
        for one in audited(phantom, tmp_path, seed).local:
            hits[one.key] += one.estimate.low <= known[one.key] <= one.estimate.high
    assert min(hits.values()) >= 9  # of 12; 8 or less of 95 % has a chance of 1 in 500
    for one in audited(phantom, tmp_path, 0).local:
        assert one.estimate.predicted == pytest.approx(
            share_of_pairs(hard, core, one.lag, np.logical_xor if "surface" in one.key else np.logical_and)
        )


def share_of_pairs(phase, core, lag, both):
    pairs = [
        (both(phase[:, lag:], phase[:, :-lag]), core[:, lag:] & core[:, :-lag]),
        (both(phase[..., lag:], phase[..., :-lag]), core[..., lag:] & core[..., :-lag]),
    ]
    return sum((holds & inside).sum() for holds, inside in pairs) / sum(inside.sum() for _, inside in pairs)


def test_the_core_may_be_a_mask_or_another_value(phantom, tmp_path):
    _, core, hard, _ = phantom
    usual = audited(phantom, tmp_path, 1).shares["pore space"]
    (tmp_path / "other").mkdir()
    write(tmp_path / "other" / "core_labels.tif", np.where(core, hard, 0))
    write(tmp_path / "fov.tif", core)
    masked = audited(phantom, tmp_path / "other", 1, fov=tmp_path / "fov.tif", outside_value="none")
    assert masked.shares["pore space"] == usual
    (tmp_path / "seven").mkdir()
    write(tmp_path / "seven" / "core_labels.tif", np.where(core, hard, 7))
    assert audited(phantom, tmp_path / "seven", 1, outside_value=7).shares["pore space"] == usual


def test_a_core_beyond_the_plans_is_refused(phantom, tmp_path):
    truth, core, hard, _ = phantom
    write(tmp_path / "core_labels.tif", hard)  # all of the image, no 255
    facts = {"name": "core.tif", "path": str(tmp_path / "core_labels.tif"), "shape": list(truth.shape), "slices": {},
             "core": {"3": int(core[3].sum())}}  # fmt: skip
    plan = Plan([Window(1, 3, 0, 0, SIZE, 0.01)], {"model": None, "scan": facts})
    with open_scan(tmp_path / "core_labels.tif") as opened:
        with pytest.raises(ScanError, match="9,216 voxels in the core on slice 3, but the plan's windows"):
            checked_plan(plan, open_audited(opened, plan, [1]), None, None, "")
        write(tmp_path / "fov.tif", core)
        volume = open_audited(opened, plan, [1], fov=tmp_path / "fov.tif")
        assert checked_plan(plan, volume, None, None, "") is plan
