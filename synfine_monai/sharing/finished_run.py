"""A run that is to be packed: its results folder read, and of its settings only what may be told to others."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from synfine_monai.bundle import STYLES
from synfine_monai.errors import ScanError
from synfine_monai.files import named_path
from synfine_monai.inferers import PRECISIONS
from synfine_monai.networks import SEQUENTIAL, TRANSVERSAL, read_model_info
from synfine_monai.report import read_metrics
from synfine_monai.surgery import PARTS, TUNE_WORDS
from synfine_monai.survey import METHODS

VERBS = ("train", "hybrid", "bridged", "synfine", "sensitivity", "finetune")
NUMBERS = (
    "pairs", "epochs", "steps_per_epoch", "bridge_epochs", "bridge_learning_rate", "label_budget", "min_epochs",
    "min_steps", "batch_size", "learning_rate", "context", "mixup", "synthetic_per_real", "binary", "half", "seed",
    "patch_seed",
)  # fmt: skip
"""Options of these verbs whose numbers say how a network was trained, and nothing of the scan."""

SAME_RUN = ("selected", "tune", "label_budget", "seed", "patch_seed")
VERSION = re.compile(r"[0-9A-Za-z.+!-]{1,60}")


@dataclass(frozen=True)
class FinishedRun:
    """A results folder as it is; most of it stays with its owner.

    Attributes:
        folder: the results folder.
        info: content of ``model.json``.
        metrics: content of ``metrics.json``, or None where nothing was evaluated.
        config: content of ``config.yaml``, verb -> configuration; empty if there is none.
        provenance: content of ``provenance.json``; empty if there is none.
    """

    folder: Path
    info: Mapping[str, Any]
    metrics: Mapping[str, Any] | None
    config: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def model_file(self) -> Path:
        """The weights."""
        return self.folder / "model.pt"


def read_run(results: str | Path) -> FinishedRun:
    """Read a results folder.

    Raises:
        ScanError: if it is no folder, holds no model, or its metrics are those of another model.
    """
    folder = named_path(results)
    missing = next((name for name in ("model.pt", "model.json") if not (folder / name).is_file()), None)
    if missing is not None:
        raise ScanError(f"--results {results} has no {missing}: give the folder that finetune or synfine wrote.")
    info = read_model_info(folder / "model.pt")
    metrics = read_metrics(folder / "metrics.json") if (folder / "metrics.json").is_file() else None
    for key in SAME_RUN if metrics is not None else ():
        if metrics[key] != info.get(key):
            raise ScanError(
                f"{folder / 'metrics.json'} scores a model with {key} {metrics[key]}, but model.json says "
                f"{info.get(key)}: run evaluate on this model again, with --output_dir {results}."
            )
    return FinishedRun(folder, info, metrics, _read(folder / "config.yaml"), _read(folder / "provenance.json"))


def tellable_recipe(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Verb -> its settings, of those only numbers and words that this package knows: no paths, names or free text."""
    recipe = {}
    for verb in VERBS:
        options = config.get(verb)
        told = {k: v for k, v in options.items() if _may_tell(k, v)} if isinstance(options, Mapping) else {}
        recipe.update({verb: told} if told else {})
    return recipe


def public_words() -> set[str]:
    """All words that ``tellable_recipe`` can hold: verbs, options, and the package's own words for their values."""
    known = _known_words()
    return {*VERBS, *NUMBERS, *known, *(word for words in known.values() for word in words)}


def tellable_versions(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Versions and the commit of the package, out of ``provenance.json``; time, machine, command and data stay."""
    git, packages = provenance.get("git"), provenance.get("packages")
    told = {key: provenance.get(key) for key in ("synfine_monai", "python")}
    told["commit"] = git.get("commit") if isinstance(git, Mapping) else None
    told = {key: value for key, value in told.items() if _is_version(value)}
    packages = packages if isinstance(packages, Mapping) else {}
    return {**told, "packages": {k: v for k, v in packages.items() if _is_version(k) and _is_version(v)}}


def _may_tell(option: str, value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return option in NUMBERS
    known = _known_words().get(option)
    return isinstance(value, str) and known is not None and set(re.split("[+,]", value)) <= known


def _known_words() -> dict[str, set[str]]:
    return {
        "tune": {*TUNE_WORDS, *SEQUENTIAL, *TRANSVERSAL},
        "reinitialise": set(PARTS),
        "normalisation": set(METHODS),
        "precision": set(PRECISIONS),
        "style": set(STYLES),
    }


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and VERSION.fullmatch(value) is not None


def _read(path: Path) -> dict[str, Any]:
    """A mapping in JSON or YAML; empty if there is no such file, or another thing in it: it only adds to the card."""
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}
