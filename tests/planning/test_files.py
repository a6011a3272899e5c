"""Plans on disk, labels that come back, and words."""

import json

import numpy as np
import pytest
import tifffile

from synfine_monai.errors import ScanError
from synfine_monai.planning import Plan, ShareEstimate, Window, read_plan_files, read_window_labels, write_plan_files
from synfine_monai.planning.sentences import points, with_interval

SHAPE = (3, 20, 20)
WINDOWS = [Window(1, 0, -2, 4, 6, 0.001), Window(2, 2, 10, 16, 6, 0.002)]


@pytest.fixture
def plan():
    return Plan(WINDOWS, {"repeats": {"3": 1}, "largest": 2.0})


def test_a_plan_comes_back_as_it_was_written(plan, tmp_path):
    again = read_plan_files(write_plan_files(plan, tmp_path))
    assert again.windows == WINDOWS
    assert again.repeats == {3: 1}
    assert again.images == {1: WINDOWS[0], 2: WINDOWS[1], 3: WINDOWS[0]}
    assert read_plan_files(tmp_path).windows == WINDOWS
    assert "hang over the edge" in json.loads((tmp_path / "plan.json").read_text())["population"]


@pytest.mark.parametrize(
    ("file", "old", "new"), [("plan.csv", "0.001", "0.01"), ("plan.json", '"largest": 2.0', '"largest": 1.0')]
)
def test_an_edited_plan_is_refused(plan, file, old, new, tmp_path):
    write_plan_files(plan, tmp_path)
    (tmp_path / file).write_text((tmp_path / file).read_text().replace(old, new))
    with pytest.raises(ScanError, match="was edited since"):
        read_plan_files(tmp_path)


def test_what_is_no_plan_is_refused(tmp_path):
    with pytest.raises(ScanError, match=r"takes the plan\.csv that 'plan' wrote"):
        read_plan_files(tmp_path)
    (tmp_path / "plan.csv").write_text("id,z\n1,2\n")
    (tmp_path / "plan.json").write_text("[]")
    with pytest.raises(ScanError, match="is no plan"):
        read_plan_files(tmp_path)


def test_labels_of_a_folder_need_their_numbers_and_sizes(plan, tmp_path):
    def read(name, image):
        for file in tmp_path.glob("*.tif"):
            file.unlink()
        tifffile.imwrite(tmp_path / name, image)
        return read_window_labels(tmp_path, plan, SHAPE, [0, 1])

    ones = np.ones((6, 6), np.uint8)
    assert read("window_002.tif", ones)[2].tolist() == ones.tolist()
    assert read("window 3 by hand.tif", ones).keys() == {3}
    assert read("window_001.tif", np.full((6, 6), 255, np.uint8)) == {}
    with pytest.raises(ScanError, match="is no window of the plan: its windows are numbered 1 to 3"):
        read("window_004.tif", ones)
    with pytest.raises(ScanError, match="6×6"):
        read("window_001.tif", np.ones((7, 7), np.uint8))
    with pytest.raises(ScanError, match="holds the value 2: classes are 0, 1"):
        read("window_001.tif", 2 * ones)
    with pytest.raises(ScanError, match="--unlabelled_value is 255, or 0"):
        read_window_labels(tmp_path, plan, SHAPE, [0, 1], unlabelled=7)


def test_numbers_in_words():
    symmetric = ShareEstimate(0.184, 0.19, 0.181, 0.187, 0.0015, 32)
    assert with_interval(symmetric) == "18.40 % ± 0.30"
    wide = ShareEstimate(0.184, 0.19, 0.164, 0.224, 0.01, 32)
    assert with_interval(wide) == "18.4 % (16.4 to 22.4)"
    assert with_interval(ShareEstimate(0.184, 0.19, None, None, None, 5)) == "18.4 %"
    assert (points(0.0034), points(0.0204)) == ("0.34", "2.0")
