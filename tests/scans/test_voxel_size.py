import numpy as np
import pytest

from synfine_monai.scans.voxel_size import (
    MICROMETRES,
    checked_voxel_size,
    known_unit,
    shortest_size,
    sizes_of_affine,
    unit_that_fits,
)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("um", "um"),
        ("µm", "um"),
        ("μm", "um"),
        ("\\u00B5m", "um"),
        ("\\u00b5m", "um"),
        ("Âµm", "um"),
        ("micron", "um"),
        (" Microns ", "um"),
        ("micrometer", "um"),
        ("mm", "mm"),
        ("Millimetre", "mm"),
        ("nm", "nm"),
        ("cm", "cm"),
        ("m", "m"),
        ("inch", "inch"),
        ("in", "inch"),
        ("pixel", None),
        ("", None),
        (None, None),
        ("voxels", None),
        (6, None),
    ],
)
def test_spellings(text, unit):
    assert known_unit(text) == unit


def test_units_are_powers_of_ten_of_a_metre():
    assert MICROMETRES["m"] == 1e6
    assert MICROMETRES["inch"] == pytest.approx(2.54 * MICROMETRES["cm"])


@pytest.mark.parametrize("size", [6.0, 2.214, 0.7, 13.0, 1.0, 25.4, 3.97, 15.625])
def test_what_imagej_rounded_is_found_again(size):
    assert shortest_size(round(1_000_000 / size), 1_000_000) == size


def test_other_quotients_stay():
    assert shortest_size(1, 6) == 6.0
    assert shortest_size(2, 25) == 12.5
    assert shortest_size(3, 1) == 1 / 3


def test_steps_of_a_turned_affine():
    affine = np.array([[0, -2.0, 0, 9], [3.0, 0, 0, 9], [0, 0, 4.0, 9], [0, 0, 0, 1]])
    assert sizes_of_affine(affine) == (4.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("steps", "unit"),
    [((7.5, 6, 6), "um"), ((0.0075, 0.006, 0.006), "mm"), ((1, 1, 1), None), ((0.0075, 0.006, 0.007), None)],
)
def test_the_unit_that_a_file_forgot(steps, unit):
    assert unit_that_fits(steps, (7.5, 6.0, 6.0)) == unit


@pytest.mark.parametrize(
    ("given", "size"), [(6, (6.0, 6.0, 6.0)), ((7.5, 6, 6), (7.5, 6.0, 6.0)), ([6], (6.0, 6.0, 6.0)), (None, None)]
)
def test_the_option(given, size):
    assert checked_voxel_size(given) == size
