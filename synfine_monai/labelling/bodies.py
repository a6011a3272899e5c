"""What a browser may say: bodies by schema, and the place of a tile; anything else is refused in one sentence."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import jsonschema
import numpy as np

from synfine_monai.errors import ScanError

__all__ = ["ANSWER", "LOGIN", "NOTHING", "STROKE", "read_body", "read_number", "read_place"]

MOST_POINTS = 100_000
LONGEST_SIDE = 1024
"""Of a tile, in voxels."""

KINDS = ("grey", "drawn", "predicted")
VIEWS = ("xy", "xz", "yz")
WHOLE = re.compile(r"[0-9]{1,9}")


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


INDEX = {"type": "integer", "minimum": 0, "maximum": 10**9}
LABEL = {"type": "integer", "minimum": 0, "maximum": 255}
NOTHING = _object()
LOGIN = _object(token={"type": "string", "maxLength": 200})
STROKE = _object(
    label=LABEL,
    radius={"type": "number", "exclusiveMinimum": 0, "maximum": 1000},
    view={"enum": [*VIEWS]},
    index=INDEX,
    points={"type": "array", "minItems": 1, "maxItems": MOST_POINTS},
)
ANSWER = _object(id={"type": ["integer", "string"]}, labels={"type": "array", "minItems": 1, "maxItems": LONGEST_SIDE})


def read_body(body: bytes, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a JSON body.

    Args:
        body: as it came.
        schema: one of those above.

    Returns:
        Its entries; "points" as a list of (row, column), "labels" as a uint8 array.

    Raises:
        ScanError: if it is no JSON, says NaN, or does not fit the schema.
    """
    try:
        given = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise ScanError("the body is no JSON.") from problem
    wrong = next(jsonschema.Draft202012Validator(schema).iter_errors(given), None)
    if wrong is not None:
        place = ".".join(map(str, wrong.path)) or "the body"
        raise ScanError(f"{place} does not fit its schema ({wrong.validator}: {wrong.validator_value!s:.80}).")
    if "points" in given:
        _check_points(given["points"])
    if "labels" in given:
        given["labels"] = _labels(given["labels"])
    return given


def read_place(query: Mapping[str, str]) -> tuple[str, str, int, tuple[int, int, int, int]]:
    """Which tile is asked for: kind, view, slice, and (first row, first column, rows, columns).

    Raises:
        ScanError: if the query is anything else.
    """
    kind, view = query.get("kind"), query.get("view")
    numbers = [query.get("index", ""), *query.get("box", "").split(",")]
    if kind not in KINDS or view not in VIEWS or len(numbers) != 5 or not all(map(WHOLE.fullmatch, numbers)):
        raise ScanError("a tile has a kind, a view, an index, and a box of four whole numbers.")
    index, row, column, rows, columns = map(int, numbers)
    if not (0 < rows <= LONGEST_SIDE and 0 < columns <= LONGEST_SIDE):
        raise ScanError(f"a tile has 1 to {LONGEST_SIDE} rows and columns, got {rows} and {columns}.")
    return kind, view, index, (row, column, rows, columns)


def read_number(query: Mapping[str, str], name: str, default: int) -> int:
    """A whole number of a query.

    Raises:
        ScanError: if it is something else.
    """
    text = query.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ScanError(f"{name} is a whole number.")
    return int(text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _is_number(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < 10**9
    return type(value) is float and math.isfinite(value)


def _check_points(points: list[Any]) -> None:
    # by hand: a schema takes seconds for as many points
    if not all(type(p) is list and len(p) == 2 and _is_number(p[0]) and _is_number(p[1]) for p in points):
        raise ScanError("the points of a stroke are pairs of numbers, row and column.")


def _labels(rows: list[Any]) -> np.ndarray:
    widths = {len(row) if type(row) is list else 0 for row in rows}
    if len(widths) > 1 or widths == {0} or any(type(v) is not int or not 0 <= v <= 255 for row in rows for v in row):
        raise ScanError("the labels of a window are rows of whole numbers from 0 to 255, all of one length.")
    return np.array(rows, np.uint8)
