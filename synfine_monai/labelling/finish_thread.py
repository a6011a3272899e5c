"""The last step of labelling, in a thread of its own, and how far it is."""

import logging
import threading
from pathlib import Path
from typing import Any, Protocol

from synfine_monai.errors import ScanError

__all__ = ["FinishThread"]


class Finishes(Protocol):
    """What can be finished: a session."""

    def finish(self, output_dir: str | Path, progress: Any) -> Path:
        """Learn fully, and segment the whole scan into a folder."""


class FinishThread:
    """Runs ``session.finish`` at most once at a time.

    Args:
        session: what is finished.
        folder: where its results go.
    """

    def __init__(self, session: Finishes, folder: Path) -> None:
        self.session, self.folder = session, folder
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {"running": False, "share": None, "what": "", "path": None, "error": None}

    def state(self) -> dict[str, Any]:
        """JSON-able: running, share (0 to 1 or None) and what is being done, path of the results, error in one line."""
        return dict(self._state)

    def start(self) -> None:
        """Begin.

        Raises:
            ScanError: if it is under way.
        """
        with self._lock:
            if self._state["running"]:
                raise ScanError("finishing is under way already.")
            self._state = {"running": True, "share": None, "what": "begins", "path": None, "error": None}
            self._thread = threading.Thread(target=self._run, name="finish", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        ended: dict[str, Any] = {"running": False, "share": None, "what": ""}
        try:
            ended["path"] = str(self.session.finish(self.folder, self._tell))
        except ScanError as problem:
            ended["error"] = str(problem)
        except Exception as problem:  # told to whoever labels
            logging.getLogger(__name__).debug("finishing failed", exc_info=problem)
            ended["error"] = " ".join(str(problem).split()) or type(problem).__name__
        self._state = self._state | ended

    def _tell(self, share: float | None, what: str = "") -> None:
        self._state = self._state | {"share": None if share is None else float(share), "what": what}
