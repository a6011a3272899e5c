"""The ``synfine`` command: picks a verb of the shipped bundles, checks the options, and runs it through MONAI."""

import logging
import os
import shlex
import sys
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence

from synfine_monai.bundle.option_values import as_argument, typed_options
from synfine_monai.bundle.plain_errors import DEBUG
from synfine_monai.bundle.verb_options import Option, read_options, refuse_unknown, title_of
from synfine_monai.bundle.verbs import BUNDLES, bundles_folder, find_verb, merged_files, verbs
from synfine_monai.errors import ScanError

FIRST = {"porosity": "labels", "audit": "labels", "measure": "labels"}
"""Verb -> option that its first word is; of all others it is the scan."""

PROMINENT = ("sample", "info", "label", "learn", "segment", "porosity", "plan", "audit", "measure", "evaluate")
"""What the help tells first."""

COMMANDS_TOLD = {
    "check": "Check a bundle that somebody sent, before it runs",
    "keys": "Make a pair of keys to sign bundles with",
    "sign": "Sign a packed bundle",
    "path": "Print the folder of a bundle, or of all bundles",
}


def main(arguments: list[str] | None = None) -> int:
    """Entry point of ``synfine``; returns the exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(help_text())
            return 0
        if arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments)
        if any(a in ("-h", "--help") for a in arguments):
            print(help_text(arguments[0]))
            return 0
        command = command_for(arguments)
    except ScanError as error:
        print(f"ScanError: {error}", file=sys.stderr)
        return 1
    print(shlex.join(["python", "-m", "monai.bundle", "run", *command]), flush=True)
    _run(command)
    return 0


def command_for(arguments: Sequence[str]) -> list[str]:
    """What follows ``python -m monai.bundle run`` on the command line that ``synfine ARGUMENTS`` stands for.

    Raises:
        ScanError: if the verb or an option is unknown.
    """
    file, rest = find_verb(arguments[0]), list(arguments[1:])
    if rest and not rest[0].startswith("-"):
        rest = [f"--{FIRST.get(file.stem, 'scan')}", *rest]
    of_file = {each: read_options(each) for each in (file, *merged_files(file))}
    options = {name for known in of_file.values() for name in known}
    for place, name, text in list(typed_options(rest)):
        kinds = [known[name].kind for known in of_file.values() if name in known]
        if kinds and (safe := as_argument(kinds[0], text)) != text:
            rest[place] = f"--{name}={safe}" if rest[place].startswith("--") else safe
    names = [a[2:].split("=")[0].replace("-", "_").split("#")[0] for a in rest if a.startswith("--")]
    for name in names:
        if name not in options:
            refuse_unknown(name, options, f"'synfine {arguments[0]}'")
    files = [str(each) for each, known in of_file.items() if each == file or set(names) & set(known)]
    return ["--config_file", files[0] if len(files) == 1 else str(files), *rest]


def help_text(verb: str | None = None) -> str:
    """What ``--help`` prints: all verbs, or the options of one, from its YAML.

    Raises:
        ScanError: if there is no such verb.
    """
    if verb is not None:
        file = find_verb(verb)
        return "\n\n".join(_help_of(title_of(each), read_options(each)) for each in (file, *merged_files(file)))
    titles = {name: title_of(file).split(". ")[0].rstrip(".") for name, file in verbs().items()}
    told = {name: titles[name] for name in PROMINENT} | titles | COMMANDS_TOLD
    lines = [f"  {name:16} {textwrap.shorten(text, 100, placeholder=' ...')}" for name, text in told.items()]
    usage = "usage: synfine VERB [SCAN] [--option value ...]"
    return "\n".join([usage, "", *lines, "", "synfine VERB --help tells a verb's options."])


def _help_of(title: str, options: Mapping[str, Option]) -> str:
    lines = []
    for option in options.values():
        kind = "" if option.kind.name in ("any", "bool") else f" ({option.kind})"
        default = "" if str(option.default).startswith("$") else f" [{option.default}]"
        lines.append(f"  --{option.name:18} {option.help}{kind}{default}")
    return "\n".join([title, "", *lines])


def _run(command: Sequence[str]) -> None:
    """``monai.bundle run``, without the warnings and log lines that libraries mean for their developers."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads slow down whatever else runs
    if not os.environ.get(DEBUG):
        warnings.simplefilter("ignore")
        warnings.filterwarnings("default", module="synfine_monai")
    from fire import Fire
    from monai.bundle import run

    if not os.environ.get(DEBUG):
        for name in ("monai.bundle.scripts", "monai.bundle.workflows"):
            logging.getLogger(name).setLevel(logging.WARNING)
    Fire(run, command=list(command), name="synfine")


def _path(arguments: Sequence[str]) -> int:
    bundle = arguments[1] if len(arguments) > 1 else ""
    if bundle and bundle not in BUNDLES:
        raise ScanError(f"there is no bundle '{bundle}': choose {', '.join(BUNDLES)}.")
    print(bundles_folder() / bundle)
    return 0


def _share(arguments: Sequence[str]) -> int:
    from synfine_monai.sharing.__main__ import main as share

    return share(list(arguments))


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "check": _share,
    "keys": _share,
    "sign": _share,
    "path": _path,
}
"""What is no verb of a bundle: name -> what runs it."""


if __name__ == "__main__":
    sys.exit(main())
