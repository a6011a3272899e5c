"""An experiment: do every run that has no row yet, several side by side, and keep each row as soon as it is there."""

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.experiments.runs_file import RunsFile

__all__ = ["Experiment"]

Run = Mapping[str, Any]


def in_worker(work: Callable[[Any], Any], run: Any) -> Any:
    """Do ``work`` in one of loky's processes.

    Loky makes its own start method the default there, with which a data loader cannot start its workers.
    """
    multiprocessing.set_start_method(None, force=True)
    return work(run)


class Experiment:
    """Go through ``runs``; a start after an interruption does what is left.

    Args:
        runs: factor -> value, one mapping a run.
        execute: makes the row of a run; see ``TunedRun``. Its ``check(runs)`` refuses what cannot work, ``shared(run)``
            names what several runs need (pre-training), ``prepare(name)`` makes that, and ``settings(run)`` tells rows
            of other settings.
        record: the rows on disk.
        jobs: runs side by side, each a process with its share of the cores; 1 runs them in this process.
    """

    def __init__(self, runs: Sequence[Run], execute: Callable[[Run], Run], record: RunsFile, jobs: int = 2) -> None:
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
        first = list(dict.fromkeys(wanted for run in left for wanted in self.execute.shared(run)))
        for _ in self._each(self.execute.prepare, first, "Preparing"):
            pass
        for row in self._each(self.execute, left, "Runs"):
            self.record.add(row)

    def _refuse_other_settings(self) -> None:
        for run in self.runs:
            made_with = self.record.settings_of(run)
            if made_with is not None and made_with != self.execute.settings(run):
                raise ScanError(
                    f"{self.record.path} has a row of {dict(run)} that was made with other settings: "
                    "delete the rows that have changed, or give another --output_dir."
                )

    def _each(self, work: Callable[[Any], Any], runs: Sequence[Any], words: str) -> tqdm:
        if self.jobs == 1:
            return tqdm(map(work, runs), desc=words, total=len(runs), unit="run")
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads would starve each other
        threads = max(1, (os.cpu_count() or 1) // self.jobs)
        with parallel_config("loky", n_jobs=self.jobs, inner_max_num_threads=threads):
            rows = Parallel(return_as="generator_unordered")(delayed(in_worker)(work, run) for run in runs)
            return tqdm(rows, desc=words, total=len(runs), unit="run")
