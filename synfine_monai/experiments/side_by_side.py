"""Work on several things at a time, each in a process with its share of the cores."""

import contextlib
import io
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

__all__ = ["quiet", "side_by_side"]


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
