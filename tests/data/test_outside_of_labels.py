"""Which value of a volume of labels is outside the core, asked of the labels alone."""

import numpy as np
import pytest
from labelled_rock import TRUTH, areas, tiff

from synfine_monai.data import outside_value_of
from synfine_monai.errors import ScanError
from synfine_monai.notices import gather_notices, notices
from synfine_monai.scans import open_scan

Y, X = np.meshgrid(*(np.linspace(-1, 1, n) for n in TRUTH.shape[1:]), indexing="ij")
CORE = np.hypot(Y, X) < 0.9


@pytest.fixture
def outside(tmp_path):
    def ask(labels, *arguments):
        gather_notices()
        with open_scan(tiff(tmp_path / "labels.tif", labels.astype(np.uint8))) as opened:
            return outside_value_of(opened, *arguments)

    return ask


def test_255_around_a_core_is_outside(outside):
    assert outside(np.where(CORE, TRUTH, 255)) == 255
    drilled = np.where(CORE & (np.hypot(Y, X) > 0.3), TRUTH, 255)
    assert outside(drilled) == 255
    assert not notices()


@pytest.mark.parametrize("values", [(0, 255), (255, 0), (0, 255, 127), (128, 0, 255), (0, 85, 170, 255)])
def test_255_of_a_stretched_mask_is_a_class(outside, values):
    truth = TRUTH.copy()
    truth[:, :9, :9] = 3
    assert outside(np.array(values)[np.minimum(truth, len(values) - 1)]) is None
    assert any("is a mask of" in sentence for sentence in notices())


def test_255_that_is_pore_is_a_class(outside):
    assert outside(np.array([0, 255, 1])[TRUTH], None, [255]) is None


def test_255_between_other_values_is_asked_about(outside):
    between = np.array([0, 255, 1])[TRUTH]
    with pytest.raises(
        ScanError, match=r"255 lies between the other values .*--outside_value none.*--outside_value 255"
    ):
        outside(between)
    assert outside(between, 255) == 255
    assert outside(between, "none") is None
    assert outside(between, None, [], True) == 255  # this package wrote it


def test_a_value_that_fills_most_slices_is_asked_about(outside):
    with pytest.raises(ScanError, match=r"0 fills 9 of the 12 slices .*--outside_value 0; if it is a class"):
        outside(areas())
    assert outside(areas(), 0) == 0


def test_a_round_core_in_a_class_is_pointed_out(outside):
    assert outside(np.where(CORE, TRUTH + 1, 1)) == 255
    assert any("1 fills the corners of every slice" in sentence for sentence in notices())
    outside(TRUTH)
    assert not notices()


@pytest.mark.parametrize("value", [-1, 256, 0.5, "all", True])
def test_other_words_are_refused(outside, value):
    with pytest.raises(ScanError, match="--outside_value takes a whole number from 0 to 255, or none"):
        outside(TRUTH, value)
