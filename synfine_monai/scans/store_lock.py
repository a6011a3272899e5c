"""One process at a time: a lock file that a killed process does not hold for long."""

import json
import os
import secrets
import socket
import threading
from contextlib import suppress
from pathlib import Path

from synfine_monai.errors import ScanError

BEAT = 5.0
"""Seconds after which a holder shows again that it is alive."""

PATIENCE = 60.0
"""Seconds without a sign after which a holder on another machine counts as dead."""


class StoreLock:
    """A file that names who works in a folder, for folders on shared disks as well.

    It is stale if its process is no longer there (on this machine), or has not touched it for a minute (on any), and
    then taken over. Two that take over a stale lock in the same instant can both believe that they hold it; a store
    bears that, since equal chunks are written and each takes its name at once.

    Args:
        path: of the lock file; its folder must exist when the lock is taken.
        what: that is worked on, for the error.
    """

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = Path(path), what
        self._token: str | None = None
        self._ended = threading.Event()

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            ScanError: if a living process has it.
            OSError: if the folder cannot be written to.
        """
        token = secrets.token_hex(8)
        content = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "token": token})
        while True:
            try:
                with open(self.path, "x", encoding="utf-8") as file:
                    file.write(content)
                break
            except FileExistsError:
                self._refuse_living()
                self.path.unlink(missing_ok=True)
        self._token, self._ended = token, threading.Event()
        threading.Thread(target=self._beat, args=(self._ended,), daemon=True, name="hold-lock").start()

    def release(self) -> None:
        """Give the lock back, if it is held."""
        if self._token is None:
            return
        self._ended.set()
        if self._holder().get("token") == self._token:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        self._token = None

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT):
            with suppress(OSError):
                os.utime(self.path)

    def _holder(self) -> dict[str, str | int]:
        with suppress(OSError, ValueError):
            return json.loads(self.path.read_text(encoding="utf-8"))
        return {}

    def _refuse_living(self) -> None:
        holder, age = self._holder(), self._age()
        here = os.name == "posix" and holder.get("host") == socket.gethostname()
        if age > PATIENCE or (here and not _is_running(int(holder["pid"]))):
            return
        who = f"process {holder['pid']} on {holder['host']}" if holder else "another process"
        raise ScanError(
            f"{self.what} is being made by {who}: wait for it, or choose another --output_dir (a process "
            f"that died on another machine is forgotten after {PATIENCE:.0f} seconds)."
        )

    def _age(self) -> float:
        """Seconds since the holder's last sign, by the clock of the disk, which may be another machine's."""
        probe = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        probe.touch()
        try:
            return probe.stat().st_mtime - self.path.stat().st_mtime
        except FileNotFoundError:
            return float("inf")  # given back in this instant
        finally:
            probe.unlink()

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "what": self.what, "_token": None, "_ended": None}


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
