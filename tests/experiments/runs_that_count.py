"""Runs of no cost, for tests of how an experiment goes through them; a module of its own, so that processes find it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class CountedRun:
    """Scores seed + 0.5, notes every call as a file, and fails at ``broken``."""

    notes: Path
    broken: int | None = None

    def shared(self, run: Mapping[str, Any]) -> str:
        return run["task"]

    def prepare(self, run: Mapping[str, Any]) -> None:
        self._note(f"prepared {run['task']}")

    def __call__(self, run: Mapping[str, Any]) -> dict[str, Any]:
        if run["seed"] == self.broken:
            raise RuntimeError(f"seed {run['seed']} fails")
        self._note(f"ran {run['task']} {run['seed']}")
        return {**run, "pore_dice": run["seed"] + 0.5}

    def noted(self) -> list[str]:
        """Calls, sorted; each once, as a second one would find its note there."""
        return sorted(file.name for file in self.notes.iterdir())

    def _note(self, words: str) -> None:
        (self.notes / words).touch(exist_ok=False)
