import csv
import getpass
import hashlib
import json
import os
import platform
import sys
from pathlib import Path

import numpy as np
import pytest

from synfine_monai import __version__
from synfine_monai.errors import ScanError
from synfine_monai.report import (
    file_hashes,
    make_results_folder,
    provenance,
    read_metrics,
    write_csv_atomic,
    write_json_atomic,
)
from synfine_monai.report.metrics_file import write_metrics
from synfine_monai.report.versions import write_provenance


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


def test_comes_back_as_it_was_written(metrics, tmp_path):
    assert read_metrics(write_metrics(tmp_path / "metrics.json", metrics)) == metrics


@pytest.mark.parametrize("key", ["task", "methods", "selected", "patch_seed"])
def test_refuses_a_missing_key(metrics, tmp_path, key):
    del metrics[key]
    with pytest.raises(ScanError, match=f"at the top level, '{key}' is a required property"):
        write_metrics(tmp_path / "metrics.json", metrics)
    assert not (tmp_path / "metrics.json").exists()


def test_refuses_an_impossible_number(metrics, tmp_path):
    metrics["methods"]["otsu"]["pore_dice"] = 1.2
    with pytest.raises(ScanError, match=r"at methods/otsu/pore_dice, 1\.2 is greater than the maximum of 1"):
        write_metrics(tmp_path / "metrics.json", metrics)


def test_refuses_a_method_without_a_score(metrics, tmp_path):
    del metrics["methods"]["otsu"]["porosity_error"]
    with pytest.raises(ScanError, match="'porosity_error' is a required property"):
        write_metrics(tmp_path / "metrics.json", metrics)


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(ScanError, match="run evaluate first"):
        read_metrics(tmp_path / "metrics.json")


def test_a_garbled_file_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text('{"task": ')
    with pytest.raises(ScanError, match=r"metrics\.json is not JSON"):
        read_metrics(tmp_path / "metrics.json")


def test_says_what_ran_on_what(tmp_path):
    path = write_provenance(tmp_path, seeds={"seed": 3, "patch_seed": None}, data_hashes={"scan.tif": "ab"})
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["command"] == sys.orig_argv
    assert record["packages"]["numpy"] == np.__version__
    assert record["synfine_monai"] == __version__
    assert record["seeds"] == {"seed": 3, "patch_seed": None}
    assert record["data"] == {"scan.tif": "ab"}
    assert record["machine"]["cores"] >= 1


def test_names_neither_user_nor_machine():
    text = json.dumps(provenance(command=["synfine"])["machine"])
    assert platform.node() not in text
    assert getpass.getuser() not in text


def test_hashes_files_and_the_files_of_a_slice_folder(tmp_path):
    (tmp_path / "slices").mkdir()
    for name in ("slices/b.tif", "slices/a.tif", "scan.nii"):
        (tmp_path / name).write_bytes(name.encode())
    hashes = file_hashes([tmp_path / "scan.nii", tmp_path / "slices", tmp_path / "missing.tif"])
    assert [name.rsplit("/", 1)[-1] for name in hashes] == ["scan.nii", "a.tif", "b.tif"]
    assert hashes[(tmp_path / "scan.nii").as_posix()] == hashlib.sha256(b"scan.nii").hexdigest()
