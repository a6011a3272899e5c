import pytest

from synfine_monai.errors import ScanError
from synfine_monai.training import choose_pretext

KNOWN = {
    "hybrid": {"image_weight": 1.0, "mask_weight": 0.1, "clean": 0.0},
    "supervised": {"image_weight": 0.0, "mask_weight": 1.0, "clean": 1.0},
}


def test_a_name_stands_for_its_settings_and_what_is_given_wins():
    assert choose_pretext("supervised", KNOWN, mask_weight=None) == KNOWN["supervised"]
    assert choose_pretext("hybrid", KNOWN, mask_weight=0)["mask_weight"] == 0
    assert KNOWN["hybrid"]["mask_weight"] == 0.1


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("denoise", {}, "--pretext denoise is unknown: choose hybrid, supervised"),
        ("hybrid", {"image_weight": 0, "mask_weight": 0}, "both 0"),
        ("hybrid", {"mask_weight": -0.1}, "--mask_weight takes a number from 0 up, got -0.1"),
        ("hybrid", {"mask_weight": "much"}, "got 'much'"),
        ("hybrid", {"clean": 1}, "without noise there is none to remove"),
        ("hybrid", {"clean": 1.5}, "--clean takes a share from 0 to 1, got 1.5"),
        ("hybrid", {"clean": "no"}, "--clean takes a share from 0 to 1, got 'no'"),
    ],
)
def test_what_cannot_be_learned_is_refused(name, changes, words):
    with pytest.raises(ScanError, match=words):
        choose_pretext(name, KNOWN, **changes)
