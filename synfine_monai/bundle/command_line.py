"""The ``synfine`` command: picks a verb of the shipped bundles, checks the options, and runs it through MONAI."""

import difflib
import shlex
import subprocess
import sys
from pathlib import Path

from synfine_monai.bundle.options import read_options
from synfine_monai.bundle.places import bundles_folder
from synfine_monai.errors import ScanError

__all__ = ["command_for", "help_text", "main"]

VERBS = {
    "learn": ("synfine", "learn to segment your scan from a few labels: all of SynFine, and a report"),
    "segment": ("inference", "segment a whole scan: labels, porosity, pictures"),
    "porosity": ("porosity", "total, connected and isolated porosity of a segmented scan"),
    "train": ("train", "pre-train on synthetic pairs"),
    "sensitivity": ("sensitivity", "measure which part of the network responds most to your labels"),
    "finetune": ("finetune", "fine-tune that part, or another, on your labels"),
    "evaluate": ("evaluate", "score a model and the baselines on labelled slices"),
    "bridge": ("bridged", "learn by a bridge: synthetic pairs first, then your labels with a new head"),
    "pack": ("pack", "pack a run as one bundle to share: a folder and a zip"),
    "export": ("export", "write a model as TorchScript, ONNX or for bioimage.io"),
    "hybrid": ("hybrid", "learn after hybrid pre-training: one network that removes noise and names phases"),
    "fit": ("fit", "fit a preset of the rock generator to a scan, without labels"),
    "match": ("match", "make synthetic pairs with the grey levels and the spectrum of a scan"),
    "style": ("invert", "learn the style of a scan, for the diffusion generator"),
    "pairs": ("generate", "make synthetic pairs in such a style"),
}
MERGED = {"inference": ("finer_inference", "dask_inference")}
"""Verb -> files that are merged over it where one of their options is given."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point of ``synfine``; returns the exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(help_text())
            return 0
        if any(a in ("-h", "--help") for a in arguments):
            print(help_text(_verb(arguments[0])))
            return 0
        if arguments[0] == "path":  # MERGE: the verbs' own branch has a fuller one
            print(bundles_folder() / arguments[1])
            return 0
        command = command_for(arguments)
    except ScanError as error:
        print(f"ScanError: {error}", file=sys.stderr)
        return 1
    print(shlex.join(["python", *command[1:]]), flush=True)
    return subprocess.run(command, check=False).returncode


def command_for(arguments: list[str]) -> list[str]:
    """The ``python -m monai.bundle run`` command line that ``synfine ARGUMENTS`` stands for.

    Raises:
        ScanError: if the verb or an option is unknown.
    """
    verb, rest = _verb(arguments[0]), arguments[1:]
    if rest and not rest[0].startswith("-"):
        rest = ["--labels" if verb == "porosity" else "--scan", *rest]
    of_file = {file: read_options(file) for file in (_config(verb), *map(_config, MERGED.get(verb, ())))}
    options = {name for known in of_file.values() for name in known}
    names = [a[2:].split("=")[0].replace("-", "_").split("#")[0] for a in rest if a.startswith("--")]
    for name in names:
        if name not in options:
            near = difflib.get_close_matches(name, options, n=2, cutoff=0.5) or sorted(options)
            raise ScanError(
                f"--{name} is not an option of 'synfine {arguments[0]}'; did you mean --{' or --'.join(near)}?"
            )
    files = [str(file) for file, known in of_file.items() if file == _config(verb) or set(names) & set(known)]
    return [sys.executable, "-m", "monai.bundle", "run", "--config_file", files[0] if len(files) == 1 else str(files),
            *rest]  # fmt: skip


def help_text(verb: str | None = None) -> str:
    """What ``--help`` prints: all verbs, or the options of one, from the comments in its YAML."""
    if verb is None:
        lines = [f"  {name:12} {text}" for name, (_, text) in VERBS.items()]
        return "\n".join(
            [
                "usage: synfine VERB [SCAN] [--option value ...]",
                "",
                *lines,
                "",
                "synfine VERB --help tells a verb's options.",
            ]
        )
    parts = [_help_of(file) for file in (_config(verb), *map(_config, MERGED.get(verb, ())))]
    return "\n\n".join(parts)


def _help_of(file: Path) -> str:
    first = file.read_text(encoding="utf-8").splitlines()[0].strip("# ")
    options = [
        f"  --{o.name:18} {o.help}{'' if str(o.default).startswith('$') else f' [{o.default}]'}"
        for o in read_options(file).values()
    ]
    return "\n".join([first, "", *options])


def _config(verb: str) -> Path:
    """The YAML of a verb; where several bundles have it, the first one's."""
    bundles = ("rock_ct_segmentation", "rock_ct_generation", "rock_ct_hybrid_segmentation")
    files = [bundles_folder() / bundle / "configs" / f"{verb}.yaml" for bundle in bundles]
    return next((file for file in files if file.is_file()), files[0])


def _verb(name: str) -> str:
    known = {**{n: v for n, (v, _) in VERBS.items()}, **{v: v for v, _ in VERBS.values()}}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1) or list(VERBS)
        raise ScanError(f"'{name}' is not a verb of synfine; did you mean {' or '.join(near)}?")
    return known[name]
