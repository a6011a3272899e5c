"""Corruptions by name and severity: one list of five strengths for each, in a YAML file that a reader can change."""

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from pydoc import locate
from typing import Any

import torch
import yaml
from monai.transforms import Transform

from synfine_monai.errors import ScanError

SEVERITIES = (1, 2, 3, 4, 5)
SEVERITIES_FILE = Path(__file__).with_name("severities.yaml")


@cache
def load_severities(path: str | Path = SEVERITIES_FILE) -> Mapping[str, Mapping[str, Any]]:
    """Entries of a severities file: name -> ``_target_``, ``severities`` (five values each) and ``fixed``.

    Raises:
        ScanError: if the file is missing, is no such mapping, or a list has not five values.
    """
    try:
        entries = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ScanError(f"{path} cannot be read as a file of severities: {error}") from error
    if not isinstance(entries, dict):
        raise ScanError(f"{path} holds no severities: it must map names to _target_ and severities.")
    for name, entry in entries.items():
        if not isinstance(entry, dict) or not {"_target_", "severities"} <= entry.keys():
            raise ScanError(f"{path}: {name} needs _target_ and severities.")
        for parameter, values in entry["severities"].items():
            if not isinstance(values, list) or len(values) != len(SEVERITIES):
                raise ScanError(f"{path}: {parameter} of {name} needs five values, got {values}.")
    return entries


CORRUPTION_NAMES: tuple[str, ...] = tuple(load_severities())
"""Names of the corruptions that the package brings."""


def corruption_at(
    name: str, severity: int, generator: torch.Generator | None = None, path: str | Path = SEVERITIES_FILE
) -> Transform:
    """The corruption ``name`` at ``severity``.

    Args:
        name: an entry of the file, see ``CORRUPTION_NAMES``.
        severity: 1 (barely seen) to 5 (hard for the eye).
        generator: source of randomness, on the device of the images to come.
        path: file of severities, by default the package's own.

    Raises:
        ScanError: if the name or the severity is unknown, naming the nearest name, or the class refuses its parameters.
    """
    entries = load_severities(path)
    if name not in entries:
        near = difflib.get_close_matches(str(name), list(entries), n=1, cutoff=0.0)[0]
        raise ScanError(f"'{name}' is no corruption; did you mean '{near}'? Known: {', '.join(entries)}.")
    if isinstance(severity, bool) or severity not in SEVERITIES:
        raise ScanError(f"the severity of {name} must be 1, 2, 3, 4 or 5, got {severity!r}.")
    entry = entries[name]
    found: Any = locate(entry["_target_"])
    if found is None:
        raise ScanError(f"{path}: {name} names the class {entry['_target_']}, which cannot be imported.")
    parameters = {parameter: values[severity - 1] for parameter, values in entry["severities"].items()}
    try:
        return found(**parameters, **entry.get("fixed", {}), generator=generator)
    except (TypeError, ValueError) as error:
        raise ScanError(f"{path}: {name} does not take what it is given: {error}") from error
