"""``metrics.json``: how well each method did, on which items, with how many labels."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synfine_monai.data import check_json
from synfine_monai.errors import ScanError
from synfine_monai.metrics import SCORES
from synfine_monai.report.results_folder import write_json_atomic


def _from_zero_to(most: float) -> dict[str, Any]:
    return {"type": ["number", "null"], "minimum": 0, "maximum": most}


_SHARE = _from_zero_to(1)
_PER_CLASS = {"type": "object", "required": ["dice", "iou"], "properties": {"dice": _SHARE, "iou": _SHARE}}
_METHOD_PROPERTIES = {
    **{score.key: _from_zero_to(score.most) for score in SCORES},
    "per_class": {"type": "object", "additionalProperties": _PER_CLASS},
    "per_item": {"type": "array", "items": {"type": "object"}},
}
_RUN_PROPERTIES = {
    "task": {"type": "string"},
    "split": {"type": "string"},
    "methods": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "required": list(_METHOD_PROPERTIES),
            "properties": _METHOD_PROPERTIES,
        },
    },
    "selected": {"type": ["string", "array", "null"]},
    "tune": {"type": ["string", "null"]},
    "label_budget": {"type": ["integer", "null"], "minimum": 1},
    "seed": {"type": ["integer", "null"]},
    "patch_seed": {"type": ["integer", "null"]},
}
METRICS_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": list(_RUN_PROPERTIES),
    "properties": _RUN_PROPERTIES,
}
"""JSON schema of the file; further keys are allowed everywhere."""


def write_metrics(path: Path | str, metrics: Mapping[str, Any]) -> Path:
    """Check ``metrics`` against ``METRICS_SCHEMA`` and write it, whole or not at all.

    Args:
        path: of the file, usually ``output_dir/metrics.json``.
        metrics: ``task, split, methods, selected, tune, label_budget, seed, patch_seed``; the values of ``methods``
            are what ``segmentation_scores`` returns.

    Raises:
        ScanError: if a key is missing or a number is impossible.
    """
    _check(metrics, str(path))
    return write_json_atomic(path, metrics)


def read_metrics(path: Path | str) -> dict[str, Any]:
    """Read ``metrics.json``.

    Raises:
        ScanError: if it is missing, no JSON, or does not fit ``METRICS_SCHEMA``.
    """
    path = Path(path)
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScanError(f"{path} cannot be read ({error.strerror}); run evaluate first.") from error
    except ValueError as error:
        raise ScanError(f"{path} is not JSON ({error}); run evaluate again.") from error
    _check(metrics, str(path))
    return metrics


def _check(metrics: Any, name: str) -> None:
    check_json(metrics, METRICS_SCHEMA, f"{name} does not hold metrics as expected")
