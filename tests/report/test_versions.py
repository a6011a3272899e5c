import getpass
import hashlib
import json
import platform
import sys

import numpy as np

from synfine_monai import __version__
from synfine_monai.report import file_hashes, provenance
from synfine_monai.report.versions import write_provenance


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
