"""The options of a verb: the first block of its YAML, with defaults, kinds and help."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from synfine_monai.errors import ScanError

STATED = re.compile(
    r"\[(?P<kind>int|number|paths?|True \| False|\w+(?: \| \w+)+)"
    r"(?: (?P<bound>>=|>) (?P<least>[\d.]+))?\]\s*"
)
HEADER = "# options"
OPTION = re.compile(r"^(?P<name>\w+):\s*(?P<value>.*?)\s*(?:\s#\s*(?P<help>.*))?$")


@dataclass(frozen=True)
class Kind:
    """Kind and range of an option.

    Attributes:
        name: "int", "number", "bool", "choice", "path" (any name that the system allows), "paths" (several, in a
            list or with commas between), or "any" for what is checked where it is used.
        least: lowest value of a number, None for none.
        open: whether ``least`` itself is excluded.
        choices: words of a choice.
        optional: whether None is a value.
    """

    name: str = "any"
    least: float | None = None
    open: bool = False
    choices: tuple[str, ...] = ()
    optional: bool = False

    def __str__(self) -> str:
        if self.name == "choice":
            return ", ".join(self.choices[:-1]) + f" or {self.choices[-1]}"
        words = {"int": "a whole number", "number": "a number", "path": "a path as text", "paths": "paths as text"}.get(
            self.name, "True or False"
        )
        if self.least is None:
            return words
        return f"{words} above {self.least:g}" if self.open else f"{words} from {self.least:g} up"

    @property
    def is_path(self) -> bool:
        """Whether its values are names of files and folders, whatever characters they hold."""
        return self.name in ("path", "paths")

    def takes(self, value: Any) -> bool:
        """Whether ``value`` is of this kind and in its range."""
        if value is None:
            return self.optional or self.name == "any"
        if self.name == "bool":
            return isinstance(value, bool)
        if self.name == "choice":
            return value in self.choices
        if self.is_path:  # MONAI reads "#" as "::" before anybody else sees it
            several = (list, tuple, dict) if self.name == "paths" else ()
            return isinstance(value, several) or (isinstance(value, str) and "::" not in value)
        if self.name == "any":
            return not (isinstance(value, str) and value.lower() in ("true", "false"))
        numbers = (int,) if self.name == "int" else (int, float)
        if type(value) not in numbers or not abs(value) < float("inf"):
            return False
        return self.least is None or value > self.least or (value == self.least and not self.open)

    def check(self, option: str, value: Any) -> None:
        """Refuse a value that is not of this kind.

        Raises:
            ScanError: naming the option, what it takes, and the nearest word of a choice.
        """
        if self.takes(value):
            return
        if self.is_path:
            raise ScanError(
                f"--{option} takes {self}, but MONAI made {value!r} of it: give it by 'synfine', by run_verb, or "
                "quoted as an expression."
            )
        near = difflib.get_close_matches(str(value), self.choices, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise ScanError(f"--{option} takes {self}, got {value!r}{hint}")


def kind_of(default: Any, comment: str) -> tuple[Kind, str]:
    """The kind that a comment states in brackets, and the rest of it; True and False as defaults state themselves."""
    found = STATED.match(comment)
    if found is None:
        return (Kind("bool") if isinstance(default, bool) else Kind()), comment
    word, optional, rest = found["kind"], default is None, comment[found.end() :]
    if word in ("path", "paths"):
        return Kind(word, optional=True), rest
    if word in ("int", "number"):
        least = None if found["least"] is None else float(found["least"])
        return Kind(word, least, found["bound"] == ">", (), optional), rest
    return Kind("choice", None, False, tuple(word.split(" | ")), optional), rest


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
