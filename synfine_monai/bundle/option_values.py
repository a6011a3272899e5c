"""Paths that are given as options reach MONAI's parser as values: any name that the system allows, never syntax.

MONAI reads ``#`` in every text as ``::``, a leading ``$`` as an expression, ``@`` as a reference and ``%`` as a file to
take in; Fire, which reads its command line, makes numbers of 2024 and 2024_05, a tuple of ``a,b`` and cuts at ``#``.
A path that one of them would misread is handed over as the expression ``$'...'`` of a quoted text, which both leave
alone.
"""

import ast
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from synfine_monai.bundle.verb_options import Kind, Option

if TYPE_CHECKING:
    from monai.bundle import ConfigWorkflow

SYNTAX = re.compile(r"^[$@%]|#|::")
MEANT = re.compile(r"[$%].*|@\w+(?:(?:#|::)\w+)*", re.DOTALL)
"""What somebody who types MONAI's own command means as syntax: expressions, macros and whole references."""
FLAG = re.compile(r"--|-[a-zA-Z]")


def as_value(value: Any) -> Any:
    """A path, or a list or mapping of some, as MONAI's parser takes it for what it says; None stays None."""
    if isinstance(value, Mapping):
        return {key: as_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        safe = [as_value(one) for one in value]
        return value if safe == list(value) else safe
    if isinstance(value, os.PathLike) or (isinstance(value, int) and not isinstance(value, bool)):
        value = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    return _quoted(value) if isinstance(value, str) and SYNTAX.search(value) else value


def plain_value(value: Any) -> Any:
    """What ``as_value`` was given: the text of an expression ``$'...'``, anything else as it is."""
    if isinstance(value, str) and value.startswith(("$'", '$"')):
        with suppress(ValueError, SyntaxError):
            if isinstance(text := ast.literal_eval(value[1:]), str):
                return text
    return value


def with_values(given: Mapping[str, Any], options: Mapping[str, Option]) -> dict[str, Any]:
    """Options that Python code gives, each path ``as_value``."""
    paths = {name for name in given if name in options and options[name].kind.is_path}
    return {name: as_value(value) if name in paths else value for name, value in given.items()}


def as_argument(kind: Kind, text: str) -> str:
    """A path that was typed, written so that Fire and MONAI take it for what it says."""
    if not kind.is_path:
        return text
    value, read = _typed_value(kind, text), _read_by_fire(text)
    safe = as_value(value)
    if safe == read and text != "-":  # which Fire takes for a separator
        return text
    return _quoted(safe) if safe == value and isinstance(safe, str) else safe if isinstance(safe, str) else repr(safe)


def typed_options(arguments: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """(place, name, text) of every option of a command line that has a value, by Fire's rules."""
    for place, argument in enumerate(arguments):
        if not argument.startswith("--"):
            continue
        name, equals, text = argument[2:].partition("=")
        following = arguments[place + 1] if place + 1 < len(arguments) else "--"
        if equals or not FLAG.match(following):
            yield (place if equals else place + 1), name.replace("-", "_"), text if equals else following


def keep_as_typed(
    workflow: "ConfigWorkflow", options: Mapping[str, Option], arguments: Sequence[str]
) -> dict[str, Any]:
    """Give a running workflow the paths as they were typed after ``python -m monai.bundle run``; returns them.

    MONAI has read them by then, so that what it takes for syntax on purpose (``MEANT``) stays syntax.
    """
    kept = {}
    for _, name, text in typed_options(arguments):
        if name in options and options[name].kind.is_path and not MEANT.fullmatch(text):
            kept[name] = _typed_value(options[name].kind, text)
            workflow.parser.get()[name] = as_value(kept[name])
            workflow.parser.ref_resolver.resolved_content[name] = kept[name]
    return kept


def _typed_value(kind: Kind, text: str) -> Any:
    """None for "None"; for several paths, what Fire reads where it loses nothing of the text; else the text."""
    if text == "None":
        return None
    read = _read_by_fire(text)
    if kind.name == "path" or not isinstance(read, list | tuple | dict):
        return text
    plain = all(isinstance(one, str) for one in read) and ",".join(read) == text
    return read if plain or text.startswith(("[", "{", "(")) else text


def _read_by_fire(text: str) -> Any:
    from fire.parser import DefaultParseValue

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # Python's, of names such as 2024a
        return DefaultParseValue(text)


def _quoted(text: str) -> str:
    return "$" + "".join(f"\\x{ord(one):02x}" if one in "#@" else one for one in repr(text))
