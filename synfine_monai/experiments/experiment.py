"""An experiment: do every run that has no row yet, several side by side, and keep each row as soon as it is there."""

from collections.abc import Hashable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.experiments.runs_file import RunsFile
from synfine_monai.experiments.side_by_side import side_by_side

__all__ = ["Experiment"]

Run = Mapping[str, Any]


class Experiment:
    """Go through ``runs``; a start after an interruption does what is left.

    Args:
        runs: factor -> value, one mapping a run.
        execute: makes the row of a run; see ``TunedRun``. Its ``check(runs)`` refuses what cannot work, ``shared(run)``
            names what several runs need (pre-training), in the order in which it must be made, ``prepare(name)`` makes
            that, and ``settings(run)`` tells rows of other settings.
        record: the rows on disk.
        jobs: runs side by side, each a process with its share of the cores; 1 runs them in this process.
    """

    def __init__(self, runs: Sequence[Run], execute: Any, record: RunsFile, jobs: int = 2) -> None:
        self.runs, self.execute, self.record, self.jobs = list(runs), execute, record, int(jobs)

    @property
    def left(self) -> list[Run]:
        """Runs without a row."""
        return [run for run in self.runs if run not in self.record]

    def run(self) -> None:
        """Do what is left.

        Raises:
            ScanError: if a row on disk was made with other settings.
        """
        self._refuse_other_settings()
        left = self.left
        print(f"{len(self.runs)} runs, {len(self.runs) - len(left)} of them in {self.record.path}", flush=True)
        if not left:
            return
        self.execute.check(left)
        for wanted in _in_turn([self.execute.shared(run) for run in left]):
            for _ in side_by_side(self.execute.prepare, wanted, self.jobs, "Preparing"):
                pass
        for row in side_by_side(self.execute, left, self.jobs, "Runs"):
            self.record.add(row)

    def _refuse_other_settings(self) -> None:
        for run in self.runs:
            made_with = self.record.settings_of(run)
            if made_with is not None and made_with != self.execute.settings(run):
                raise ScanError(
                    f"{self.record.path} has a row of {dict(run)} that was made with other settings: "
                    "delete the rows that have changed, or give another --output_dir."
                )


def _in_turn(shared: Sequence[Sequence[Hashable]]) -> list[list[Hashable]]:
    """What comes first in any list, without repetition; then what comes second, which may need the first; and so on."""
    levels = zip_longest(*shared)
    return [list(dict.fromkeys(each for each in level if each is not None)) for level in levels]
