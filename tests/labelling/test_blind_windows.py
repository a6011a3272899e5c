"""Blind windows: drawn once, labelled wholly, with an interval that holds the truth; the audit verb reads them too."""

import numpy as np
import pytest
import tifffile
from painted_rock import Threshold

from synfine_monai.errors import ScanError
from synfine_monai.inferers import SliceWindowInferer
from synfine_monai.labelling import blind_windows as module
from synfine_monai.labelling.blind_windows import BlindWindows
from synfine_monai.labelling.prediction import predict_part
from synfine_monai.planning import read_plan_files, read_window_labels

CUT = -0.9
"""Of a network that finds too few pores."""


@pytest.fixture
def blind(rock_folder, tmp_path, monkeypatch):
    opened, _ = rock_folder
    monkeypatch.setattr(module, "LOOKS", (16, 32))
    made = BlindWindows(opened, seed=5)
    made.folder = tmp_path / "audit"
    return made


def label(blind, truth, count):
    for _ in range(count):
        window = blind.next()
        row, column, rows, columns = window["box"]
        blind.answer(window["id"], truth[window["index"], row : row + rows, column : column + columns])


def ask(opened):
    return lambda key: predict_part(opened.planes, Threshold(CUT), SliceWindowInferer(), key, 1)


def predicted(opened):
    share = float((opened.statistics.normalise(opened.scan.read()) < CUT).mean())
    return np.array([1 - share, share])


def test_windows_come_in_the_order_of_the_draw_and_once(blind, rock_folder):
    first = blind.next()
    assert first == blind.next()
    assert (first["id"], first["view"]) == (1, "xy")
    label(blind, rock_folder[1], 2)
    assert blind.next()["id"] == 3
    assert blind.done() == {1, 2}
    again = BlindWindows(rock_folder[0], seed=99)  # the plan of the folder, whatever the seed
    again.folder = blind.folder
    assert again.next() == blind.next()


def test_the_interval_holds_the_truth_where_the_network_does_not(blind, rock_folder):
    opened, truth = rock_folder
    label(blind, truth, 16)
    found = blind.audit(ask(opened), (predicted(opened), np.zeros(2)), 64)
    pore = found["phases"]["pore"]
    assert (found["windows"], found["used"]) == (16, 16)
    assert predicted(opened)[1] < pore["low"] < truth.mean() < pore["high"]
    assert found["phases"]["pore space"] == pore
    assert found["phases"]["matrix"]["share"] == pytest.approx(1 - pore["share"])
    assert pore["needed"] > 16


def test_an_error_of_the_predicted_share_widens_the_interval(blind, rock_folder):
    opened, truth = rock_folder
    label(blind, truth, 16)
    widths = []
    for error in (0.0, 0.01, 0.05):
        pore = blind.audit(ask(opened), (predicted(opened), np.full(2, error)), 64)["phases"]["pore"]
        widths.append(pore["high"] - pore["low"])
    assert widths == sorted(widths)
    assert widths[2] > 2 * 2 * 0.05


def test_one_looks_at_16_and_32_windows_and_not_in_between(blind, rock_folder):
    opened, truth = rock_folder
    seen = []
    for _ in range(32):
        label(blind, truth, 1)
        found = blind.audit(ask(opened), (predicted(opened), np.zeros(2)), 64)
        seen.append(0 if found is None else found["used"])
    assert seen == [0] * 15 + [16] * 16 + [32]
    with pytest.raises(ScanError, match="all 32 windows"):
        blind.next()
    assert blind.audit(ask(opened), None, 0) is None  # nothing is known of the whole scan


def test_labels_that_would_bias_it_are_refused(blind, rock_folder):
    _, truth = rock_folder
    window = blind.next()
    row, column, rows, columns = window["box"]
    labels = truth[window["index"], row : row + rows, column : column + columns].copy()
    with pytest.raises(ScanError, match="voxels, its labels"):
        blind.answer(1, labels[1:])
    labels[0, 0] = 255
    with pytest.raises(ScanError, match="1 voxels of window 1 have no class"):
        blind.answer(1, labels)
    labels[0, 0] = 2
    with pytest.raises(ScanError, match="1 voxels"):
        blind.answer(1, labels)
    labels[0, 0] = 0
    blind.answer(1, labels)
    with pytest.raises(ScanError, match="labelled already"):
        blind.answer(1, labels)
    with pytest.raises(ScanError, match="none of this audit"):
        blind.answer(1000, labels)


def test_the_audit_verb_reads_plan_and_labels(blind, rock_folder):
    opened, truth = rock_folder
    label(blind, truth, 16)
    plan = read_plan_files(blind.folder)
    assert plan.facts["looks"] == [16, 32]
    drawn = read_window_labels(blind.folder / "labels", plan, opened.scan.shape, range(2))
    assert sorted(drawn) == list(range(1, 17))
    for window in plan.windows[:16]:
        inside = drawn[window.id][window.own(*opened.scan.shape[1:])]
        np.testing.assert_array_equal(inside, truth[(window.z, *window.within(*opened.scan.shape[1:]))])


def test_a_plan_that_was_edited_is_refused(blind, rock_folder):
    label(blind, rock_folder[1], 1)
    plan = blind.folder / "plan.csv"
    plan.write_text(plan.read_text().replace("audit", "other", 1))
    again = BlindWindows(rock_folder[0], seed=5)
    again.folder = blind.folder
    with pytest.raises(ScanError, match="edited"):
        again.next()


def test_labels_are_on_the_disk_and_whole(blind, rock_folder):
    label(blind, rock_folder[1], 1)
    (file,) = (blind.folder / "labels").iterdir()
    assert file.name == "window_001.tif"
    assert tifffile.imread(file).shape == (32, 32)
