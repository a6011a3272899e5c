import pytest

from synfine_monai.data import check_json
from synfine_monai.errors import ScanError

SCHEMA = {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "integer"}}}}


def test_what_fits_passes():
    check_json({"items": [1, 2], "more": None}, SCHEMA, "file is odd")


@pytest.mark.parametrize(
    ("content", "words"),
    [({"items": [1, "two"]}, "^file is odd: at items/1, 'two' is not of type 'integer'.$"), ([], "at the top level")],
)
def test_the_place_is_named(content, words):
    with pytest.raises(ScanError, match=words):
        check_json(content, SCHEMA, "file is odd")


def test_a_long_value_stays_one_short_line():
    with pytest.raises(ScanError) as caught:
        check_json({"items": "x" * 5000}, SCHEMA, "file is odd")
    assert len(str(caught.value)) < 300
