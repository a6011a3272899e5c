import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from synfine_monai.inferers import MixedPrecisionInferer, scan_signature
from synfine_monai.inferers.signature import file_identity
from synfine_monai.scans import create_scan, new_scan_info, open_scan
from synfine_monai.survey import IntensityStatistics

STATISTICS = IntensityStatistics("zscore", 100.0, 10.0, (-6.0, 6.0), (1.0,))


@pytest.fixture
def given(tmp_path):
    """Arguments of a signature, all of whose files are in ``tmp_path``."""
    path = tmp_path / "core.tif"
    with create_scan(path, new_scan_info(path, (3, 20, 20), np.uint8)) as sink:
        sink.write(np.arange(1200, dtype=np.uint16).reshape(3, 20, 20) % 200)
    for name in ("model.pt", "fov.tif"):
        (tmp_path / name).write_bytes(b"some")
    return {"scan": open_scan(path), "statistics": STATISTICS, "fov": None, "model_file": tmp_path / "model.pt",
            "info": {"labels": ["a", "b"]}, "inferer": MixedPrecisionInferer(precision="float32"),
            "device": "cpu"}  # fmt: skip


def test_the_same_again_has_the_same_signature(given):
    again = {**given, "scan": open_scan(given["scan"].info.path), "device": torch.device("cpu")}
    assert scan_signature(**given) == scan_signature(**again)


def test_whatever_decides_labels_changes_it(given, tmp_path):
    found = {scan_signature(**given)}
    changes = (
        {"statistics": replace(STATISTICS, center=101.0)}, {"fov": tmp_path / "fov.tif"}, {"device": "meta"},
        {"info": {"labels": ["b", "a"]}}, {"inferer": MixedPrecisionInferer(precision="bfloat16")},
    )  # fmt: skip
    found |= {scan_signature(**{**given, **change}) for change in changes}
    given["model_file"].write_bytes(b"else")
    found.add(scan_signature(**given))
    os.utime(given["scan"].info.path, (1, 1))
    found.add(scan_signature(**given))
    assert len(found) == 1 + len(changes) + 2


def test_a_folder_is_known_by_its_files(tmp_path):
    folder = tmp_path / "slices"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a").write_bytes(b"12")
    (folder / "deeper" / "b").write_bytes(b"345")
    assert file_identity(folder)[:3] == ["slices", 2, 5]
    before = file_identity(folder)
    os.utime(folder / "a", (2e9, 2e9))
    assert file_identity(folder) != before
