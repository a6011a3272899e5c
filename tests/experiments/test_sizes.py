import pytest

from synfine_monai.errors import ScanError
from synfine_monai.experiments import choose_numbers

SIZES = {"default": {"seeds": 3}, "full": {"seeds": 5}, "quick": {"seeds": 1}}


def test_the_size_is_chosen_and_quick_wins():
    assert choose_numbers(SIZES, "full", quick=False) == {"seeds": 5}
    assert choose_numbers(SIZES, "full", quick=True) == {"seeds": 1}


def test_an_unknown_size_is_refused_with_those_that_are_there():
    with pytest.raises(ScanError, match="default or full, got 'huge'"):
        choose_numbers(SIZES, "huge", quick=False)
