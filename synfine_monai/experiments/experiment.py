"""An experiment: do every run that has no row yet, several side by side, and keep each row as soon as it is there."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from joblib import Parallel, delayed
from tqdm import tqdm

from synfine_monai.experiments.runs_file import RunsFile

__all__ = ["Experiment"]

Run = Mapping[str, Any]


class Experiment:
    """Go through ``runs``; a start after an interruption does what is left.

    Args:
        runs: factor -> value, one mapping a run.
        execute: makes the row of a run; has ``prepare(run)``, which makes what several runs share (pre-training), and
            ``shared(run)``, a name of that.
        record: the rows on disk.
        jobs: runs side by side, each a process with one thread; 1 runs them in this process.
    """

    def __init__(self, runs: Sequence[Run], execute: Callable[[Run], Run], record: RunsFile, jobs: int = 2) -> None:
        self.runs, self.execute, self.record, self.jobs = list(runs), execute, record, int(jobs)

    def run(self) -> None:
        """Do what is left."""
        left = [run for run in self.runs if run not in self.record]
        print(f"{len(self.runs)} runs, {len(self.runs) - len(left)} of them in {self.record.path}", flush=True)
        if not left:
            return
        first = list({self.execute.shared(run): run for run in left}.values())
        for _ in self._each(self.execute.prepare, first, "Preparing"):
            pass
        for row in self._each(self.execute, left, "Runs"):
            self.record.add(row)

    def _each(self, work: Callable[[Run], Any], runs: Sequence[Run], words: str) -> tqdm:
        if self.jobs == 1:
            return tqdm(map(work, runs), desc=words, total=len(runs), unit="run")
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads would starve each other
        parallel = Parallel(n_jobs=self.jobs, return_as="generator_unordered", inner_max_num_threads=1, backend="loky")
        return tqdm(parallel(delayed(work)(run) for run in runs), desc=words, total=len(runs), unit="run")
