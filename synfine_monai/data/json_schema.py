"""JSON that people write or edit, checked against a schema, told in one sentence."""

from collections.abc import Mapping
from typing import Any

import jsonschema

from synfine_monai.errors import ScanError

LONGEST = 200


def check_json(content: Any, schema: Mapping[str, Any], complaint: str) -> None:
    """Refuse ``content`` that does not fit ``schema``.

    Args:
        content: what ``json.load`` gave.
        schema: JSON schema, draft 2020-12.
        complaint: how the sentence begins, with the file's name.

    Raises:
        ScanError: naming the place and what is wrong there.
    """
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(content))
    if error is not None:
        where = "/".join(map(str, error.absolute_path)) or "the top level"
        raise ScanError(f"{complaint}: at {where}, {error.message[:LONGEST]}.")
