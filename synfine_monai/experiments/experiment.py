"""An experiment: its runs, done side by side where a row is missing, and each row kept as soon as it is there."""

import contextlib
import io
import multiprocessing
import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import product, zip_longest
from typing import Any

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from synfine_monai.errors import ScanError
from synfine_monai.experiments.runs_file import RunsFile

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


def grid(factors: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of ``factors``, the last one varying fastest.

    Args:
        factors: name -> its values.

    Returns:
        One mapping a run, factor -> value; the keys in the order given.
    """
    return [dict(zip(factors, values, strict=True)) for values in product(*factors.values())]


def choose_numbers(sizes: Mapping[str, Mapping[str, Any]], size: str, quick: bool) -> Mapping[str, Any]:
    """The numbers of one size of an experiment; ``quick`` wins.

    Raises:
        ScanError: if there is no such size.
    """
    name = "quick" if quick else size
    if name not in sizes:
        raise ScanError(f"--size takes {' or '.join(known for known in sizes if known != 'quick')}, got {size!r}.")
    return sizes[name]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing is printed: many runs side by side would only garble each other's progress."""
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield


def side_by_side(work: Callable[[Any], Any], things: Sequence[Any], jobs: int, words: str, unit: str = "run") -> tqdm:
    """Results of ``work`` on ``things``, as they are ready, behind a progress bar.

    Args:
        work: can be pickled, with what it gives back.
        things: one at a time for each call.
        jobs: calls at a time; 1 does them here, in order.
        words: before the bar.
        unit: of the bar.
    """
    if jobs == 1:
        return tqdm(map(work, things), desc=words, total=len(things), unit=unit)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads would starve each other
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=threads):
        results = Parallel(return_as="generator_unordered")(delayed(_in_worker)(work, thing) for thing in things)
        return tqdm(results, desc=words, total=len(things), unit=unit)


def _in_worker(work: Callable[[Any], Any], thing: Any) -> Any:
    """Do ``work`` in one of loky's processes.

    Loky makes its own start method the default there, with which a data loader cannot start its workers.
    """
    multiprocessing.set_start_method(None, force=True)
    return work(thing)
