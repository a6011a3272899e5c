"""The options of a verb: the first block of its YAML, with defaults, kinds and help."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from synfine_monai.bundle.kinds import Kind, kind_of
from synfine_monai.errors import ScanError

__all__ = ["Option", "options_of", "pick_options", "read_options", "refuse_unknown", "title_of"]

HEADER = "# options"
OPTION = re.compile(r"^(?P<name>\w+):\s*(?P<value>.*?)\s*(?:\s#\s*(?P<help>.*))?$")


@dataclass(frozen=True)
class Option:
    """One option: its default as YAML reads it, what it takes, and the comment behind it."""

    name: str
    default: Any
    kind: Kind
    help: str


def read_options(config_file: str | Path) -> dict[str, Option]:
    """Read the block between the line ``# options`` and the next empty line of a verb's YAML.

    Raises:
        ScanError: if the file has no such block.
    """
    lines = Path(config_file).read_text(encoding="utf-8").splitlines()
    if HEADER not in lines:
        raise ScanError(f"{config_file} has no '{HEADER}' block: it is not a verb of a bundle.")
    options: dict[str, Option] = {}
    for line in lines[lines.index(HEADER) + 1 :]:
        if not line.strip():
            break
        if line.lstrip().startswith("#") and options:
            name, last = options.popitem()
            options[name] = replace(last, help=f"{last.help} {line.strip(' #')}")
        elif match := OPTION.match(line):
            default = yaml.safe_load(match["value"] or "null")
            options[match["name"]] = Option(match["name"], default, *kind_of(default, match["help"] or ""))
    return options


def options_of(config_files: Iterable[str | Path]) -> dict[str, Option]:
    """The options of a verb and of what is merged over it, where that has some of its own.

    Raises:
        ScanError: as ``read_options`` for the first file.
    """
    first, *merged = map(Path, config_files)
    options = read_options(first)
    for file in merged:
        options |= read_options(file) if HEADER in file.read_text(encoding="utf-8").splitlines() else {}
    return options


def title_of(config_file: str | Path) -> str:
    """The first line of a verb's YAML: what it does."""
    return Path(config_file).read_text(encoding="utf-8").splitlines()[0].strip("# ")


def pick_options(values: Mapping[str, Any], config_file: str | Path) -> dict[str, Any]:
    """Those of ``values`` that ``config_file`` declares as options."""
    return {name: values[name] for name in read_options(config_file) if name in values}


def refuse_unknown(name: str, known: Iterable[str], whose: str) -> None:
    """Refuse an option that nobody declares.

    Args:
        name: of the option.
        known: names that are declared.
        whose: the verb, in words.

    Raises:
        ScanError: naming the nearest known options.
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5) or known
    raise ScanError(f"--{name} is not an option of {whose}; did you mean --{' or --'.join(near)}?")
