import json

import numpy as np
import pytest
import torch
from ignite.engine import Engine

from synfine_monai.handlers import PorosityReport
from synfine_monai.notices import gather_notices, notices
from synfine_monai.scans import new_scan_info


@pytest.mark.parametrize(("scan", "name"), [("a.v2.nii.gz", "a.v2"), ("a.ome.tif", "a"), ("slices", "slices")])
def test_the_report_of_a_scan(tmp_path, capsys, scan, name):
    slabs = [torch.tensor([[[0, 1, 1, 255]]], dtype=torch.uint8), torch.tensor([[[0, 0, 0, 1]]], dtype=torch.uint8)]
    engine = Engine(lambda engine, slab: [{"labels": slab}])
    PorosityReport(tmp_path / "out", new_scan_info(tmp_path / scan, (2, 1, 4), np.uint8, 3.0), [1]).attach(engine)
    engine.run(slabs)
    assert engine.state.metrics["porosity"] == pytest.approx(3 / 7)
    assert json.loads((tmp_path / "out" / f"{name}_porosity.json").read_text(encoding="utf-8"))["voxels"] == 7
    assert (tmp_path / "out" / f"{name}_porosity.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "0,0,0.666667,3",
        "1,3,0.250000,4",
    ]
    assert (tmp_path / "out" / f"{name}_porosity.png").stat().st_size > 1000
    assert "42.86% of 7 voxels" in capsys.readouterr().out


def test_a_second_run_counts_anew(tmp_path):
    engine = Engine(lambda engine, slab: [{"labels": slab}])
    PorosityReport(tmp_path, new_scan_info(tmp_path / "a.tif", (1, 1, 2), np.uint8), [1]).attach(engine)
    for _ in range(2):
        engine.run([torch.tensor([[[0, 1]]], dtype=torch.uint8)])
    assert json.loads((tmp_path / "a_porosity.json").read_text(encoding="utf-8"))["voxels"] == 2


def test_the_share_of_the_core_and_an_unknown_voxel_size_are_to_be_looked_at(tmp_path):
    for size, labels, expected in [(None, [0, 1, 255, 255], ["is 50.0% of its voxels", "a.tif is unknown"]),
                                   (3.0, [0, 1, 1, 1], [])]:  # fmt: skip
        gather_notices()
        report = PorosityReport(tmp_path, new_scan_info(tmp_path / "a.tif", (1, 1, 4), np.uint8, size), [1])
        report.start()
        report.add(np.array([[labels]], np.uint8))
        report.write()
        assert len(notices()) == len(expected)
        assert all(words in sentence for words, sentence in zip(expected, notices(), strict=True))


def test_slices_without_rock_are_listed_and_named_once(tmp_path):
    labels = np.zeros((6, 1, 4), np.uint8)
    labels[[0, 1, 5]] = 255
    gather_notices()
    report = PorosityReport(tmp_path, new_scan_info(tmp_path / "core.tif", labels.shape, np.uint8, 3.0), [1])
    report.start()
    report.add(labels)
    report.write()
    assert "core.tif: 3 of 6 slices hold no rock (0–1, 5) and are left out; see core_slices.csv." in notices()
    assert (tmp_path / "core_slices.csv").read_text(encoding="utf-8").split() == [
        "slice,depth_um",
        "0,0",
        "1,3",
        "5,15",
    ]
    report.start()
    report.add(labels[2:5])
    report.write()
    assert not (tmp_path / "core_slices.csv").exists()
