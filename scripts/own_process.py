"""Do a piece of work in a process of its own and say what it cost, its peak of memory included."""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

__all__ = ["Clock", "Cost", "in_own_process"]

GB = 1e9


@dataclass(frozen=True)
class Cost:
    """What a piece of work took.

    Attributes:
        wall: seconds on the wall clock.
        processor: seconds of all processors together.
        peak_gb: most memory of the process, libraries and network included, in GB.
        result: what the work returned.
    """

    wall: float
    processor: float
    peak_gb: float
    result: Any = None


class Clock:
    """Times what stands in its ``with`` block: imports and set-up before it do not count."""

    def __enter__(self) -> "Clock":
        self.began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exception: object) -> None:
        self.wall, self.processor = time.perf_counter() - self.began[0], time.process_time() - self.began[1]


def in_own_process(work: Callable[..., Clock | tuple[Clock, Any]], *arguments: Any) -> Cost:
    """Call ``work`` in a fresh process; it returns its clock, or its clock and a result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_cost, work, arguments).result()


def _cost(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Cost:
    done = work(*arguments)
    clock, result = done if isinstance(done, tuple) else (done, None)
    return Cost(clock.wall, clock.processor, _peak_bytes() / GB, result)


def _peak_bytes() -> int:
    """Of this process alone; ``ru_maxrss`` may have come down from the parent on Linux."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
