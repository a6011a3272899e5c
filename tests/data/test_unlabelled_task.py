import json

import pytest

from synfine_monai.data import load_unlabelled_task
from synfine_monai.errors import ScanError


def test_a_scan_alone_is_a_task_with_all_phases(tmp_path):
    task = load_unlabelled_task(scan=str(tmp_path / "core.nii.gz"), fov=str(tmp_path / "mask.tif"))
    assert (task.name, task.rock, task.num_classes) == ("core", "sandstone", 5)
    assert [item.image for item in task.unlabelled] == [tmp_path / "core.nii.gz"]
    assert task.unlabelled[0].fov == tmp_path / "mask.tif"


def test_a_datalist_keeps_its_classes_and_takes_another_rock(tmp_path):
    path = tmp_path / "dataset.json"
    content = {"labels": {"0": "solid", "1": "pore"}, "phases": {"0": "matrix", "1": "pore"}, "rock": "concrete"}
    path.write_text(json.dumps({**content, "unlabelled": [{"image": "core.tif"}]}))
    assert load_unlabelled_task(str(path)).rock == "concrete"
    assert load_unlabelled_task(str(path), rock="carbonate").rock == "carbonate"
    assert load_unlabelled_task(str(path)).labels == ("solid", "pore")


def test_exactly_one_source_is_asked_for(tmp_path):
    for options in ({}, {"datalist": "dataset.json", "scan": "core.tif"}):
        with pytest.raises(ScanError, match="either --datalist, or --scan"):
            load_unlabelled_task(**options)
