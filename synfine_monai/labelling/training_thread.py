"""Retuning in the background: begins with a stroke, ends 60 steps after the last one, or when its seconds are spent."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from synfine_monai.labelling.retuning import ROUNDS, Retuning
from synfine_monai.labelling.strokes import StrokeLog

GIVE_UP = 0.5
"""Share of a round up to which a new stroke makes it begin anew; later, it is quicker to go on."""


class TrainingThread:
    """Does the rounds that the strokes want, and publishes the network after each.

    Args:
        retuning: what is done.
        log: of the strokes.
        publish: called with a frozen network and its version, the number of rounds.
        changed: called when ``status``, ``progress`` or ``problem`` is another.
        failed: called with the reason where there will be no network at all.
        threads: of torch.
        budget_s: seconds after the last stroke from which on no round begins.

    Attributes:
        status: "loading", "idle" or "training".
        progress: share of the steps since the last stroke, or None.
        problem: one line where training failed.
    """

    def __init__(
        self,
        retuning: Retuning,
        log: StrokeLog,
        publish: Callable[[nn.Module, int], None],
        changed: Callable[[], None],
        failed: Callable[[Exception], None],
        threads: int,
        budget_s: float,
    ) -> None:
        self.retuning, self.log, self.publish, self.changed = retuning, log, publish, changed
        self.failed, self._lock = failed, threading.Lock()
        self.threads, self.budget_s = threads, budget_s
        self.status, self.problem = "loading", ""
        self.progress: float | None = None
        self._wake, self._ended, self._since = threading.Event(), False, time.monotonic()
        self._thread = threading.Thread(target=self._run, name="retune", daemon=True)
        self._thread.start()

    def stroke_came(self) -> None:
        """The log has another line."""
        with self._lock:
            self._since, self.problem = time.monotonic(), ""
            if self.status == "idle" and self.retuning.rounds_left(self.log.events):
                self.status = "training"  # nobody shall see it idle before it wakes
            self._wake.set()

    def close(self) -> None:
        """End the thread; a round that is under way is given up, and done again another time."""
        self._ended = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        torch.set_num_threads(self.threads)
        try:
            self.retuning.prepare(list(self.log.events))
            self._publish()
        except Exception as problem:  # told to whoever labels
            self.failed(problem)
            self._fail(problem)
            return
        while not self._ended:
            self._wake.clear()
            try:
                self._rounds()
            except Exception as problem:  # told to whoever labels
                self._fail(problem)
            with self._lock:
                told = not self._wake.is_set() and self._set("idle", None)
            if told:
                self.changed()
            self._wake.wait()

    def _rounds(self) -> None:
        while not self._ended and (left := self.retuning.rounds_left(self.log.events)):
            if time.monotonic() - self._since > self.budget_s:
                return
            events = list(self.log.events)
            self._tell("training", (ROUNDS - left) / ROUNDS)
            if self.retuning.run(events, partial(self._gives_up, len(events))):
                self._publish()

    def _gives_up(self, events: int, done: float) -> bool:
        return self._ended or (done < GIVE_UP and len(self.log) != events)

    def _publish(self) -> None:
        self.publish(self.retuning.frozen(), len(self.retuning.schedule))

    def _tell(self, status: str, progress: float | None) -> None:
        if self._set(status, progress):
            self.changed()

    def _set(self, status: str, progress: float | None) -> bool:
        """Whether that is news."""
        before = self.status, self.progress
        self.status, self.progress = status, progress
        return before != (status, progress)

    def _fail(self, problem: Exception) -> None:
        logging.getLogger(__name__).debug("retuning failed", exc_info=problem)
        self.problem = " ".join(str(problem).split()) or type(problem).__name__
        self._since = float("-inf")
        self._set("idle", None)
        self.changed()
