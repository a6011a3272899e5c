import numpy as np
import pytest

from synfine_monai.errors import ScanError
from synfine_monai.experiments.grey_level_tables import grey_level_report
from synfine_monai.experiments.scan_changes import CROPS, ScanPart, changed_scans

CLASSES = {"pore": (1,), "brightest": (2,)}


def slices(count: int = 3, side: int = 96) -> list[ScanPart]:
    """Matrix at 100, a block of pores at 40 and one of a mineral at 200, all labelled, one core."""
    label = np.zeros((1, side, side), np.uint8)
    label[:, 10:30, 10:30], label[:, 60:70, 60:70] = 1, 2
    image = np.array([100, 40, 200], np.uint8)[label]
    return [ScanPart(image, label, np.ones(label.shape, bool), image) for _ in range(count)]


def changed(change: dict) -> list[ScanPart]:
    return list(changed_scans(slices(), change, CLASSES, seed=0))


def test_slices_come_as_one_scan_or_each_alone():
    assert [part.image.shape for part in changed({"none": True})] == [(3, 96, 96)]
    assert [part.image.shape for part in changed({"slices": True})] == [(1, 96, 96)] * 3


def test_crops_lie_in_the_labelled_core():
    crops = changed({"crop": 64})
    assert len(crops) == 3 * CROPS
    assert {crop.image.shape for crop in crops} == {(1, 64, 64)}
    assert changed({"crop": 128}) == []


def test_a_phase_and_its_rims_are_left_out():
    (part,) = changed({"without": "brightest"})
    assert not (part.label == 2).any()
    assert not part.fov[:, 58:72, 60:70].any()
    assert part.fov[:, :50].all()


def test_grey_levels_change_as_asked_and_labels_stay():
    plain = changed({"none": True})[0]
    (up,) = changed({"affine": [1.2, 0]})
    (wide,) = changed({"affine": [10.0, 0]})
    (window,) = changed({"window": [0, 100]})
    assert up.image.dtype == np.uint8
    assert np.array_equal(up.image, (1.2 * plain.image).round())
    assert wide.image.dtype == np.float32  # 2000 does not fit
    assert (window.image.min(), window.image.max()) == (0, 255)
    assert all(np.array_equal(one.label, plain.label) for one in (up, wide, window))
    assert all(np.array_equal(one.plain, plain.image) for one in (up, wide, window))


def test_filled_pores_rise_by_their_share_of_the_way():
    (part,) = changed({"fill_pores": 0.5})
    assert part.image[0, 20, 20] == 70
    assert part.image[0, 50, 50] == 100


def test_a_drift_runs_through_the_slices():
    (part,) = changed({"drift": 0.2})
    assert part.image[:, 50, 50].tolist() == [90, 100, 110]


def test_refuses_an_unknown_change():
    with pytest.raises(ScanError, match="crop"):
        changed({"turned": 1})


def test_tables_tell_dice_lost_and_porosity(tmp_path):
    row = {
        "task": "core",
        "seed": "0",
        "change": "crop",
        "cases": "2",
        "dice": "0.9",
        "each": "0.03:0.2:0:1:1 0:0.01:0:1:0",
    }
    row |= {f"{way}_{name}": value for way in ("own", "training", "fitted", "auto")
            for name, value in (("lost", "0.1"), ("porosity", "-1.5"))}  # fmt: skip
    text = grey_level_report(tmp_path, "Title", [row]).read_text(encoding="utf-8")
    assert "| crop | 2 | 0.900 | 0.100, -1.50 |" in text
    assert "| more than 0.02 | 1 | 1 |" in text
    assert "| less than 0.005 | 1 | 0 |" in text
    assert (tmp_path / "loss_and_sign.png").stat().st_size > 5000
