"""Find a rock's preset: a shipped name, a YAML file, or a mapping of the same form."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from synfine_monai.errors import ScanError

__all__ = ["load_rock", "rock_names"]

FOLDER = resources.files("synfine_monai.transforms.generate") / "rocks"
SECTIONS = ("structure", "appearance", "normalisation_jitter")


def rock_names() -> tuple[str, ...]:
    """Names of the shipped presets."""
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in FOLDER.iterdir() if entry.name.endswith(".yaml")))


def load_rock(rock: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """Read a preset: the lists of parts ``structure`` and ``appearance``, and the mapping ``normalisation_jitter``.

    Args:
        rock: "sandstone", "carbonate", "concrete" …, the path of a YAML file, or a mapping.

    Raises:
        ScanError: if there is no such preset, the file is not YAML, or a section is missing or unknown.
    """
    if isinstance(rock, Mapping):
        return _checked(dict(rock), "the rock given as a mapping")
    if str(rock) in rock_names():
        return _checked(yaml.safe_load((FOLDER / f"{rock}.yaml").read_text(encoding="utf-8")), f"{rock}.yaml")
    path = Path(rock)
    if not path.is_file():
        raise ScanError(f"rock '{rock}' is neither a preset ({', '.join(rock_names())}) nor a YAML file that exists.")
    try:
        return _checked(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScanError(f"{path.name} is not readable as YAML: {' '.join(str(error).split())}") from error


def _checked(preset: Any, name: str) -> dict[str, Any]:
    if not isinstance(preset, dict) or set(preset) != set(SECTIONS):
        found = sorted(map(str, preset)) if isinstance(preset, dict) else type(preset).__name__
        raise ScanError(f"{name} holds {found}, but a rock needs exactly the sections {list(SECTIONS)}.")
    return preset
