"""Labels that are trained on as well: each network is judged by windows that it has not seen."""

import json

import numpy as np
import pytest
import tifffile
from known_rock import rock

from synfine_monai.errors import ScanError
from synfine_monai.networks.model_file import REQUIRED
from synfine_monai.planning import (
    Plan,
    Residuals,
    SliceLook,
    audit_cross,
    draw_windows,
    share_intervals,
    window_totals,
    write_fold_labels,
)
from synfine_monai.scans import open_scan

SIZE, FOLDS = 12, 3


@pytest.fixture(scope="module")
def phantom():
    return rock()


@pytest.fixture
def core(phantom, tmp_path):
    """The scan on disk, a plan of 24 windows, and their labels: the truth, 255 outside the windows."""
    truth, inside, _, soft = phantom
    tifffile.imwrite(tmp_path / "core.tif", (255 * soft).astype(np.uint8), photometric="minisblack")
    windows = draw_windows(range(len(inside)), lambda z: SliceLook(inside[z]), 24, SIZE, seed=3)
    plan = Plan(windows, {"model": None, "looks": None, "largest": 2.0, "scan": {"core": {}}})
    labels = np.full(truth.shape, 255, np.uint8)
    for window in windows:
        at = (window.z, *window.within(*truth.shape[1:]))
        labels[at] = truth[at]
    tifffile.imwrite(tmp_path / "filled.tif", labels, photometric="minisblack")
    return plan, tmp_path


def test_no_network_learns_from_the_windows_that_judge_it(core, phantom):
    plan, folder = core
    with open_scan(folder / "core.tif") as scan:
        write_fold_labels(scan, plan, folder / "filled.tif", FOLDS, folder)
    truth = phantom[0]
    for fold in range(FOLDS):
        learned = tifffile.imread(folder / f"fold_{fold + 1}" / "core_windows.tif")
        kept = np.zeros(truth.shape, bool)
        for window in (one for one in plan.windows if (one.id - 1) % FOLDS != fold):
            kept[(window.z, *window.within(*truth.shape[1:]))] = True
        assert np.array_equal(learned != 255, kept)
        assert (learned[kept] == truth[kept]).all()


def test_networks_that_know_their_windows_by_heart_are_corrected(core, phantom):
    """Each predicts too many pores, and those of its own windows exactly, so that these would show nothing wrong."""
    plan, folder = core
    truth, inside, hard, _ = phantom
    for fold in range(FOLDS):
        predicted = hard | (np.roll(hard, fold, 1) & inside)
        for window in (one for one in plan.windows if (one.id - 1) % FOLDS != fold):
            at = (window.z, *window.within(*truth.shape[1:]))
            predicted[at] = truth[at]
        (folder / f"fold_{fold + 1}").mkdir()
        image = np.where(inside, predicted, 255).astype(np.uint8)
        tifffile.imwrite(folder / f"fold_{fold + 1}" / "core_labels.tif", image, photometric="minisblack")
        facts = dict.fromkeys(REQUIRED) | {"format_version": 1, "labels": ["solid", "pore"], "pore_labels": [1]}
        (folder / f"fold_{fold + 1}" / "model.json").write_text(json.dumps(facts))
    with open_scan(folder / "core.tif") as scan:
        found = audit_cross(scan, plan, folder / "filled.tif", FOLDS, folder)
    pores, share = found.shares["pore space"], truth[inside].mean()
    assert pores.predicted > share + 0.02
    assert pores.low < share < pores.high < pores.predicted
    assert (found.networks, found.windows) == (FOLDS, 24)
    assert found.local[0].estimate.low < _both_pore(truth, inside) < found.local[0].estimate.high


def _both_pore(truth, inside):
    """Of voxels beside each other on a slice, those that are both pore."""
    pairs = [(truth[:, 1:] & truth[:, :-1], inside[:, 1:] & inside[:, :-1]),
             (truth[..., 1:] & truth[..., :-1], inside[..., 1:] & inside[..., :-1])]  # fmt: skip
    return sum((both & core).sum() for both, core in pairs) / sum(core.sum() for _, core in pairs)


def test_what_cannot_be_crossed_is_refused(core):
    plan, folder = core
    with open_scan(folder / "core.tif") as scan:
        with pytest.raises(ScanError, match="from 2 to the plan's 24 windows, got 25"):
            write_fold_labels(scan, plan, folder / "filled.tif", 25, folder)
        labels = tifffile.imread(folder / "filled.tif")
        alone = plan.windows[0]
        labels[labels == 1] = 0
        at = (alone.z, *alone.within(*labels.shape[1:]))
        labels[at] = 1
        tifffile.imwrite(folder / "filled.tif", labels, photometric="minisblack")
        with pytest.raises(ScanError, match="network 1 would learn from windows without class 1"):
            write_fold_labels(scan, plan, folder / "filled.tif", FOLDS, folder)


@pytest.mark.parametrize("windows", [16, 32])
def test_cross_prediction_covers_as_often_as_it_says(phantom, windows):
    """Networks that are a threshold each, chosen so that the windows of the other three folds come out right."""
    truth, core, _, soft = phantom
    cuts = np.linspace(0.1, 0.9, 25)
    shares = np.array([(soft > cut)[core].mean() for cut in cuts])
    voxels = window_totals(core, 24)
    at = np.flatnonzero(voxels)
    wrong = np.stack([window_totals((truth.astype(int) - (soft > cut)) * core, 24).ravel()[at] for cut in cuts], -1)
    drawn = np.random.default_rng(5).integers(len(at), size=(2000, windows))
    fold = np.arange(windows) % 4
    off = wrong[drawn]
    learned = np.stack([np.abs(off[:, fold != k].sum(1)).argmin(-1) for k in range(4)], 1)[:, fold]
    residuals = np.take_along_axis(off, learned[..., None], -1)[..., 0]
    found = Residuals(residuals, voxels.ravel()[at][drawn], np.ones(drawn.shape), shares[learned])
    _, _, low, high = share_intervals(found)
    share = truth[core].mean()
    assert 0.93 <= np.mean((low <= share) & (share <= high)) <= 0.97
