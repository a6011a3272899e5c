"""What is seen of a scan that is labelled: grey levels, labels, predictions, and what a sample of them says."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from synfine_monai.labelling.blind_windows import BlindWindows
from synfine_monai.labelling.brush import Drawing
from synfine_monai.labelling.opening import Opened
from synfine_monai.labelling.prediction import Part, Predictor
from synfine_monai.labelling.random_windows import RandomWindows
from synfine_monai.labelling.regions import PLACE, Regions
from synfine_monai.labelling.strokes import active_strokes
from synfine_monai.labelling.suggestions import Suggestions
from synfine_monai.labelling.views import Box, clipped_box


class Looking:
    """The half of a session that changes nothing but audits; every call may come from any thread.

    Args:
        opened: scan, classes and strokes.
        threads: of torch, for the thread that predicts.
    """

    def __init__(self, opened: Opened, threads: int) -> None:
        self.opened, self.log = opened, opened.log
        self._lock, self._turned, self._revision = threading.RLock(), threading.Condition(), 0
        self._drawing = Drawing(active_strokes(self.log.events), opened.scan.shape)
        seed = opened.start.seed
        self.regions = Regions(opened.planes, len(opened.classes), seed)
        places = RandomWindows(opened.planes, PLACE, seed + 1)
        self._suggestions = Suggestions(places, opened.classes.names, opened.folder)
        self._suggested: tuple[Any, list[dict[str, Any]]] = ((), [])
        self._blind = BlindWindows(opened, seed + 2)
        self.predictor = Predictor(opened.planes, threads, self._spare)

    def grey(self, view: str, index: int, box: Sequence[int] | None = None) -> np.ndarray:
        """Grey levels in 8 bits, (rows, columns) uint8.

        Args:
            view: "xy", "xz" or "yz".
            index: slice across it.
            box: first row and column, rows and columns; clipped to the slice. None: all.

        Raises:
            ScanError: if there is no such slice, or the scan can no longer be read.
        """
        return self.opened.planes.shown(view, index, self._box(view, index, box))

    def drawn(self, view: str, index: int, box: Sequence[int] | None = None) -> np.ndarray:
        """Labels that are painted, (rows, columns) uint8, 255 where there is none; as ``grey``."""
        return self._drawing.labels(view, index, self._box(view, index, box))

    def predicted(self, view: str, index: int, box: Sequence[int] | None = None) -> Part:
        """Labels, uncertainty (both (rows, columns) uint8) and version of the newest network; as ``grey``.

        Raises:
            Superseded: if so much was asked for later that this was given up.
        """
        return self.predictor.ask((view, index, self._box(view, index, box)))

    def shares(self) -> dict[str, Any] | None:
        """Class -> share of the core by what is predicted at random places, with its standard error; None at first."""
        found = self.regions.shares()
        if found is None:
            return None
        return {
            "shares": {
                name: {"share": float(share), "error": float(error)}
                for name, share, error in zip(self.opened.classes.names, *found, strict=True)
            },
            "regions": len(self.regions.found),
            "version": self.regions.version,
        }

    def suggestions(self, n: int = 5) -> list[dict[str, Any]]:
        """Where to paint next: "view", "index", "row", "col", "size", "reason" and whether it was "drawn_at_random".

        The same list until something is painted or more of the scan was looked at by another network.
        """
        regions = self.regions.newest()
        with self._lock:
            key = (n, len(self.log), self.regions.version if regions is self.regions.found else None, bool(regions))
            if key != self._suggested[0]:
                painted = {s.label for s in self._drawing.strokes if not s.erases}
                self._suggested = key, self._suggestions.choose(regions, painted, len(self.log), n)
            return list(self._suggested[1])

    def audit_window(self) -> dict[str, Any]:
        """The next window to label blind: "id", "view", "index" and "box"; as ``BlindWindows.next``."""
        with self._lock:
            return self._blind.next()

    def audit_answer(self, number: int, labels: np.ndarray) -> None:
        """Labels of a window; as ``BlindWindows.answer``."""
        with self._lock:
            self._blind.answer(number, labels)
        self._turn()

    def audit(self) -> dict[str, Any] | None:
        """Shares with their intervals from blind windows, or None as long as there are too few.

        As ``BlindWindows.audit``. It asks the newest network about the windows, which takes a second.
        """
        return self._blind.audit(self.predictor.ask_patiently, self.regions.shares(), len(self.regions.found))

    def _box(self, view: str, index: int, box: Sequence[int] | None) -> Box:
        return clipped_box(self.opened.scan.shape, view, index, box)

    def _is_idle(self) -> bool:
        """Whether the network is not about to change."""
        return True

    def _spare(self, network: nn.Module, version: int) -> bool:
        """What the predicting thread does while nobody waits: not while the network is about to change."""
        if not self._is_idle():
            return False
        more = self.regions.look(network, self.predictor.inferer, version)
        self._turn()
        return more

    def _turn(self) -> None:
        with self._turned:
            self._revision += 1
            self._turned.notify_all()
