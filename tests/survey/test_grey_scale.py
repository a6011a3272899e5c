import json

import numpy as np
import pytest
from grey_phantoms import grey_levels, known_scale

from synfine_monai.errors import ScanError
from synfine_monai.survey import GreyScale, RawScale, describe_grey_levels


def test_shares_are_found_in_a_mixture():
    scale, (center, spread) = known_scale()
    values, classes = grey_levels((0.35, 0.6, 0.05))
    shares, _, unexplained = scale.mixture.fit_shares((values - center) / spread, background=0.01, steps=200)
    assert shares[:3] == pytest.approx(np.bincount(classes) / classes.size, abs=0.01)
    assert shares[3] < 0.01
    assert unexplained < 0.005


def test_json_round_trip():
    scale, _ = known_scale()
    again = GreyScale.from_dict(json.loads(json.dumps(scale.to_dict())))
    assert again.scans == scale.scans
    assert np.allclose(again.classes, scale.classes, atol=1e-6)


def test_what_lies_outside_the_core_and_classes_that_nobody_saw_do_not_count():
    image = np.array([[0.0, 0.0, 2.0, 5.9]])
    scale = describe_grey_levels([RawScale("uint8", 1.0, 2.0)] * 2, [image], [np.array([[0, 0, 3, 255]])])
    assert len(scale.scans) == 1
    assert len(scale.classes) == 2
    assert [np.flatnonzero(one).size for one in scale.classes] == [1, 1]


def test_a_model_that_saw_no_scan_has_none():
    assert GreyScale.from_dict(None) is None
    assert GreyScale.from_dict({}) is None


def test_refuses_an_edited_record():
    with pytest.raises(ScanError, match=r"model\.json"):
        GreyScale.from_dict({"scans": [{"dtype": "uint8"}], "bin_edges": [], "classes": []})
