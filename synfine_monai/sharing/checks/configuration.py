"""The YAML files of a bundle, entry by entry, as MONAI would read them: targets, expressions, references, keys."""

import json
import re
from collections.abc import Iterator
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.old_names import by_doors
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.allowed import Allowed, load_allowed
from synfine_monai.sharing.checks.expressions import (
    RELATIVE,
    Refused,
    expression_text,
    is_literal_or_reference,
    judge_expression,
    judge_import,
    references_of,
)
from synfine_monai.sharing.checks.received import Received
from synfine_monai.sharing.checks.yaml_text import load_yaml

__all__ = ["check_configuration", "judge_configuration"]

SPECIAL = ("_target_", "_mode_", "_requires_", "_disabled_", "_desc_")
KEY = re.compile(r"[A-Za-z]\w*", re.ASCII)
WHOLE_REFERENCE = re.compile(r"@\w+(::\w+)*", re.ASCII)
MACRO = re.compile(r"%\w+(::\w+)*", re.ASCII)


def check_configuration(bundle: Received, strict: bool = False) -> tuple[list[str], list[str]]:
    """Findings and notes about all YAML files under ``configs``."""
    findings: list[str] = []
    read: dict[str, dict[str, Any]] = {}
    for name in [name for name in bundle.having(".yaml") if name.startswith("configs/")]:
        try:
            content = bundle.read(name)
            read[name] = load_yaml(by_doors(content.decode("latin-1")).encode("latin-1"), name)
        except ScanError as error:
            findings.append(str(error))
    if bundle.packed and packed_bundle.INFERENCE not in bundle.files:
        findings.append(f"{packed_bundle.INFERENCE} is missing: there is nothing to run")
    known = {id for config in read.values() for id in _ids(config)}
    for name, config in read.items():
        for text in judge_configuration(config, load_allowed(bundle.packed), known, strict):
            findings.append(f"{name}, {text}")
    return findings, [f"{len(read)} YAML file(s), every name on the list"] if read and not findings else []


def judge_configuration(config: dict[str, Any], allowed: Allowed, known: set[str], strict: bool = False) -> list[str]:
    """All that is wrong with one configuration, each beginning with the place.

    Args:
        config: content of the file.
        allowed: names that it may use.
        known: ids that a reference can mean: of this file, and of those that are merged with it.
        strict: refuse expressions that are more than a literal or a reference.
    """
    scalars = {id: value for id, value in _ids(config).items() if not isinstance(value, dict | list)}
    return [*_judge_fixed(config, allowed), *_judge(config, "", allowed, known, scalars, strict)]


def _judge(value: Any, place: str, allowed: Allowed, known: set[str], scalars: dict, strict: bool) -> Iterator[str]:
    here = place or "top"
    if isinstance(value, dict):
        for key, entry in value.items():
            if text := _judge_key(key, place, allowed):
                yield f"{here}: {text}"
            yield from _judge(entry, f"{place}#{key}" if place else str(key), allowed, known, scalars, strict)
        if any(str(key).startswith("_") for key in value):
            yield from (f"{here}: {text}" for text in _judge_target(value, allowed))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _judge(entry, f"{place}#{number}", allowed, known, scalars, strict)
    elif isinstance(value, str):
        yield from (f"{here}: {text}" for text in _judge_text(value, allowed, known, scalars, strict))
    elif not isinstance(value, bool | int | float | None):
        yield f"{here}: a value of type {type(value).__name__}; write a number or a text"


def _judge_key(key: Any, place: str, allowed: Allowed) -> str | None:
    if not isinstance(key, str):
        return f"the key {key!r} is no word"
    if (key in SPECIAL and place) or KEY.fullmatch(key):
        return None
    if key.replace("#", "::") in allowed.keys if not place else key in allowed.stages:
        return None
    if key.startswith("_"):
        return f"the key {key!r} has a meaning of its own for MONAI that a bundle may not use here"
    if "::" in key or "#" in key or key.startswith("+"):
        return f"the key {key!r} reaches into another entry"
    return f"the key {key!r} is no plain word"


def _judge_target(config: dict[str, Any], allowed: Allowed) -> Iterator[str]:
    """A component: its name, its mode and its arguments."""
    target, mode = config.get("_target_"), config.get("_mode_", "default")
    if "_target_" not in config:
        yield "_mode_, _requires_ or _disabled_ without a _target_"
    elif not isinstance(target, str) or target not in allowed.targets:
        yield f"_target_ {str(target)[:100]!r} is not on the list of names that a bundle may use"
    elif more := [key for key in config if key not in (*SPECIAL, *allowed.targets[target])]:
        yield f"{target} is given {more[0]!r}, an argument that is not on the list"
    if not isinstance(mode, str) or mode not in allowed.modes:
        yield f"_mode_ {str(mode)[:40]!r} is not a mode that a bundle may use ('debug' would stop in a debugger)"
    elif mode != "default" and target not in allowed.callable_targets:
        yield f"_mode_ {mode!r} of {str(target)[:100]}, which is not on the list for it"
    if isinstance(target, str):
        for argument, texts in allowed.guarded.get(target, {}).items():
            if argument in config and _canonical(config[argument]) not in texts:
                found = str(config[argument])[:80]
                yield f"{argument} of {target} is {found!r}, where only {' or '.join(texts)} may stand"
        if target.endswith(".Pipeline"):
            yield from _judge_stages(config.get("stages"), allowed)


def _judge_stages(stages: Any, allowed: Allowed) -> Iterator[str]:
    if isinstance(stages, str) and stages.startswith("$"):  # made by a function on the list
        return
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        yield "stages of a Pipeline that are no list of verbs"
        return
    for verb in (verb for stage in stages for verb in stage if verb not in allowed.stages):
        yield f"{str(verb)[:80]!r} is not a verb that a Pipeline may run"


def _judge_text(text: str, allowed: Allowed, known: set[str], scalars: dict, strict: bool) -> Iterator[str]:
    if RELATIVE.search(text):
        yield f"{text[:80]!r} has a relative reference; write the id out"
    elif text.startswith("%"):
        yield from _judge_macro(text, scalars)
    elif text.startswith("@"):
        if not WHOLE_REFERENCE.fullmatch(text.replace("#", "::")):
            yield f"{text[:80]!r} is no reference to one entry"
    elif text.startswith("$"):
        if re.match(r"\$\s*(import|from)\b", text):
            refused = judge_import(text[1:], allowed)
            yield from [refused] if refused else []
        else:
            yield from judge_expression(text[1:], allowed)
        if strict and not is_literal_or_reference(text[1:]):
            yield f"{text[:80]!r} is more than a literal or a reference (--strict)"
    if text.startswith(("$", "@")):
        for id in references_of(text):
            if id not in known:
                yield f"@{id} refers to nothing in this file"
            elif id.split("::")[0] == "imports":
                yield f"@{id} takes hold of a whole module"


def _judge_macro(text: str, scalars: dict) -> Iterator[str]:
    id = text[1:].replace("#", "::")
    if not MACRO.fullmatch(f"%{id}") or id not in scalars:
        yield f"the macro {text[:80]!r} does not name a value of this file: another file may stand there"
    elif str(scalars[id]).startswith(("%", "$", "@")):
        yield f"the macro {text[:80]!r} leads to another macro, a reference or an expression"


def _judge_fixed(config: dict[str, Any], allowed: Allowed) -> Iterator[str]:
    for key, texts in allowed.fixed.items():
        if key in config and (found := _canonical(config[key])) not in texts:
            yield f"{key}: is {found[:80]!r}, where only {' or '.join(texts)} may stand"
    if not isinstance(config.get("imports", []), list):
        yield "imports: is no list"


def _canonical(value: Any) -> str:
    """Text by which an entry is compared with the list."""
    if isinstance(value, dict):
        return f"_target_ {value.get('_target_')}"
    if not isinstance(value, str):
        return json.dumps(value)
    if not value.startswith("$"):
        return value.replace("#", "::")
    try:
        return f"${expression_text(value[1:])}"
    except Refused:
        return value


def _ids(config: Any, prefix: str = "") -> dict[str, Any]:
    """Every id of a configuration with its value; keys that reach into another entry count with their whole path."""
    pairs = config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ()
    found: dict[str, Any] = {}
    for key, value in pairs:
        id = f"{prefix}::{key}" if prefix else str(key).replace("#", "::")
        found[id] = value
        found.update(_ids(value, id))
    return found
