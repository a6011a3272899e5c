"""The verb fit: a preset fitted to a scan without labels, in a form that every verb takes as ``--rock``."""

import json
from pathlib import Path

from tiny_core import write_datalist

from synfine_monai.bundle import run_verb
from synfine_monai.bundle.plain_errors import find_scan_error
from synfine_monai.transforms.generate import RandRock, load_rock

FIT = Path(__file__).resolve().parents[2] / "bundles" / "rock_ct_generation" / "configs" / "fit.yaml"
QUICK = {"evaluations": 2, "patches": 8}


def test_a_scan_alone_is_enough(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_verb(FIT, scan=str(sample.scan), rock="concrete", output_dir=str(tmp_path / "fit"), **QUICK)
    rock = load_rock(tmp_path / "fit" / "rock.yaml")
    assert rock["structure"] == load_rock("concrete")["structure"]
    assert RandRock(rock, {"matrix": 0, "pore": 1, "water": 1, "clay": 0, "dense": 0}, (64, 64))()["image"].numel()
    assert len(json.loads((tmp_path / "fit" / "fit.json").read_text())["history"]) == 2
    assert (tmp_path / "fit" / "figures" / "fit.png").is_file()


def test_labels_of_a_datalist_are_never_opened(sample, tmp_path):
    item = {"image": str(sample.scan), "label": "gone.tif"}
    datalist = write_datalist(tmp_path / "dataset.json", training=[item], test=[])
    run_verb(FIT, datalist=str(datalist), output_dir=str(tmp_path), geometry=True, **QUICK)
    assert load_rock(tmp_path / "rock.yaml")["structure"] != load_rock("sandstone")["structure"]


def refused(**options: object) -> str:
    try:
        run_verb(FIT, **options)
    except Exception as error:  # MONAI wraps it
        return str(find_scan_error(error))
    raise AssertionError("the verb ran")


def test_bad_input_gets_one_clear_line(sample, tmp_path):
    folder, scan = str(tmp_path), str(sample.scan)
    assert "either --datalist, or --scan" in refused(output_dir=folder)
    assert "neither a preset" in refused(scan=scan, rock="sandston", output_dir=folder)
    assert "needs 8 real patches" in refused(scan=scan, patches=3, output_dir=folder)
    assert "no image" in refused(datalist=str(write_datalist(tmp_path / "d.json", training=[])), output_dir=folder)
