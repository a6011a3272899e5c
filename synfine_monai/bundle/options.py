"""The options of a verb: the first block of its YAML, with defaults and help; what it does not declare is refused."""

import difflib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from monai.bundle import ConfigParser, ConfigWorkflow

from synfine_monai.errors import ScanError

__all__ = ["Option", "bundle_root", "check_options", "check_value", "current_workflow", "pick_options", "read_options"]

HEADER = "# options"
COUNTED_FROM_ZERO = ("seed", "context", "mixup", "dropout")
OPTION = re.compile(r"^(?P<name>\w+):\s*(?P<value>.*?)\s*(?:\s#\s*(?P<help>.*))?$")


@dataclass(frozen=True)
class Option:
    """One option: its default, as YAML reads it, and the comment behind it."""

    name: str
    default: Any
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
            last = options.popitem()[1]
            options[last.name] = Option(last.name, last.default, f"{last.help} {line.strip(' #')}")
        elif match := OPTION.match(line):
            options[match["name"]] = Option(
                match["name"], yaml.safe_load(match["value"] or "null"), match["help"] or ""
            )
    return options


def current_workflow() -> ConfigWorkflow:
    """The MONAI workflow whose configuration is being evaluated.

    MONAI hands an expression neither the workflow nor the options that were given, so it is found on the call stack.

    Raises:
        RuntimeError: if no workflow is running.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), ConfigWorkflow):
            return frame.f_locals["self"]
        frame = frame.f_back
    raise RuntimeError("this expression works only inside `python -m monai.bundle run`.")


def bundle_root() -> str:
    """Folder of the bundle whose verb is running or being exported, from any working directory.

    Raises:
        RuntimeError: if this is neither a workflow nor an export; ``--bundle_root`` says it then.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), ConfigWorkflow):
            return str(Path(frame.f_locals["self"].config_root_path).resolve().parent)
        if file := frame.f_locals.get("config_file_"):  # MONAI's export and verify commands
            return str(Path(file if isinstance(file, str) else file[0]).resolve().parents[1])
        frame = frame.f_back
    raise RuntimeError("no bundle is running here: give --bundle_root.")


def check_options(config_files: Sequence[str]) -> None:
    """Refuse top-level names of the running configuration that none of its files declares, and values of a wrong kind.

    Args:
        config_files: names of the YAML files in the bundle's ``configs`` that make up this verb.

    Raises:
        ScanError: naming the unknown option and the nearest known ones, or as ``check_value``.
    """
    workflow = current_workflow()
    folder = Path(workflow.config_root_path)
    given = _files_of_command_line() or [folder / name for name in config_files]
    declared = {str(key).split("#")[0].split("::")[0] for file in given for key in ConfigParser.load_config_file(file)}
    options = _options_of([folder / name for name in config_files])
    for name in workflow.parser.get():
        if name not in declared and name != "_meta_":
            near = difflib.get_close_matches(name, sorted(options), n=2, cutoff=0.5) or sorted(options)
            raise ScanError(f"--{name} is not an option of {config_files[0]}; did you mean --{' or --'.join(near)}?")
    for option in options.values():
        if not str(value := workflow.parser.get(option.name)).startswith(("$", "@", "%")):
            check_value(option, value)


def _options_of(files: Sequence[Path]) -> dict[str, Option]:
    """Those of the first file, and of what is merged over it and has some of its own."""
    first, *merged = files
    options = read_options(first)
    for file in merged:
        options |= read_options(file) if HEADER in file.read_text(encoding="utf-8").splitlines() else {}
    return options


def check_value(option: Option, value: Any) -> None:
    """Refuse a value of another kind than the default: True or False, a count from 1, a number above 0 (some from 0).

    Options without a default, and those in words, are checked where they are used.

    Raises:
        ScanError: naming the option and what it takes.
    """
    kind, in_words = type(option.default), isinstance(value, str) and value.lower() in ("true", "false")
    if in_words or (kind is bool and not isinstance(value, bool)):
        raise ScanError(f"--{option.name} takes True or False, got {value!r}.")
    from_zero = any(word in option.name for word in COUNTED_FROM_ZERO)
    lowest = 0 if from_zero else 1
    if kind is int and (type(value) is not int or value < lowest):
        raise ScanError(f"--{option.name} takes a whole number from {lowest} up, got {value!r}.")
    if kind is float and not _is_number(value, from_zero):
        raise ScanError(f"--{option.name} takes a number {'from 0 up' if from_zero else 'above 0'}, got {value!r}.")


def _is_number(value: Any, from_zero: bool) -> bool:
    return type(value) in (int, float) and (0 < value < float("inf") or (from_zero and value == 0))


def pick_options(values: Mapping[str, Any], config_file: str | Path) -> dict[str, Any]:
    """Those of ``values`` that ``config_file`` declares as options."""
    return {name: values[name] for name in read_options(config_file) if name in values}


def _files_of_command_line() -> list[Path]:
    """Config files of the surrounding ``monai.bundle.run``, which a user may have extended by files of their own."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "create_workflow" and frame.f_globals.get("__name__") == "monai.bundle.scripts":
            files = frame.f_locals.get("config_file") or frame.f_locals.get("_args", {}).get("config_file")
            files = files.split(",") if isinstance(files, str) else files
            return [Path(file) for file in files or ()]
        frame = frame.f_back
    return []
