import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.report import make_results_folder, write_csv_atomic, write_json_atomic


def test_makes_the_folder_with_its_parents_and_leaves_nothing_else_in_it(tmp_path):
    folder = make_results_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert list(folder.iterdir()) == []
    assert make_results_folder(folder) == folder


def test_refuses_a_file(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(ScanError, match="is a file; name a folder"):
        make_results_folder(tmp_path / "results")


def test_refuses_a_folder_below_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ScanError, match="cannot be written to"):
        make_results_folder(tmp_path / "file" / "results")


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 1)() == 0, reason="this user may write anywhere")
def test_refuses_a_folder_that_is_not_writable(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ScanError, match="cannot be written to"):
        make_results_folder(tmp_path)


def test_refuses_a_full_disk(tmp_path):
    with pytest.raises(ScanError, match="MB left, but the results need at least"):
        make_results_folder(tmp_path, least_free=10**18)


def test_json_takes_numpy_and_paths_as_plain_values(tmp_path):
    content = {"a": np.float32(0.5), "b": np.arange(3), "c": Path("x") / "y", "d": None, "e": "µm"}
    written = json.loads(write_json_atomic(tmp_path / "a.json", content).read_text(encoding="utf-8"))
    assert written == {"a": 0.5, "b": [0, 1, 2], "c": "x/y", "d": None, "e": "µm"}


@pytest.mark.parametrize("content", [{"a": float("nan")}, {"a": object()}])
def test_what_json_does_not_know_leaves_the_old_file(tmp_path, content):
    path = write_json_atomic(tmp_path / "a.json", {"a": 1})
    with pytest.raises((ValueError, TypeError)):
        write_json_atomic(path, content)
    assert json.loads(path.read_text()) == {"a": 1}


def test_csv_has_a_header_and_leaves_unknown_values_empty(tmp_path):
    path = write_csv_atomic(tmp_path / "a.csv", [{"item": "a, b", "z": 1}, {"item": "c", "z": None, "more": 2.5}])
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [{"item": "a, b", "z": "1", "more": ""}, {"item": "c", "z": "", "more": "2.5"}]


def test_csv_of_no_rows_still_says_its_columns(tmp_path):
    assert write_csv_atomic(tmp_path / "a.csv", [], ["item", "z"]).read_text() == "item,z\n"
