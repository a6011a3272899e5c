"""Runs of no cost, for tests of how an experiment goes through them; a module of its own, so that processes find it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader

from synfine_monai.errors import ScanError


@dataclass(frozen=True)
class CountedRun:
    """Scores seed + 0.5, notes every call as a file, fails at ``broken``, and has one setting."""

    notes: Path
    broken: int | None = None
    setting: str = "plain"

    def check(self, runs: Sequence[Mapping[str, Any]]) -> None:
        if any(run["task"] == "missing" for run in runs):
            raise ScanError("there is no task 'missing'")

    def settings(self, run: Mapping[str, Any]) -> str:
        return self.setting

    def shared(self, run: Mapping[str, Any]) -> list[str]:
        return [f"scans of {run['task']}", "network"]

    def prepare(self, wanted: str) -> None:
        self._note(f"prepared {wanted}")

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        if run["seed"] == self.broken:
            raise RuntimeError(f"seed {run['seed']} fails")
        self._note(f"ran {run['task']} {run['seed']}")
        return {**run, "pore_dice": run["seed"] + 0.5, "settings": self.setting}

    def noted(self) -> list[str]:
        """Calls, sorted; each once, as a second one would find its note there."""
        return sorted(file.name for file in self.notes.iterdir())

    def _note(self, words: str) -> None:
        (self.notes / words).touch(exist_ok=False)


@dataclass(frozen=True)
class LoadingRun(CountedRun):
    """Reads its seed through a data loader with a worker, as making a bank of patches does."""

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        loader = DataLoader([run["seed"]], batch_size=None, num_workers=1)
        return {**run, "pore_dice": next(iter(loader)), "settings": self.setting}
