"""Serve a session's page on this machine, and open it where there is a desktop."""

import contextlib
import getpass
import html
import os
import socket
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synfine_monai.errors import ScanError
from synfine_monai.labelling.label_verb import require_app
from synfine_monai.labelling.visitors import Visitors

if TYPE_CHECKING:
    import uvicorn

__all__ = ["serve_session"]

ADDRESS = "127.0.0.1"
GRACE_S = 2


def serve_session(session: Any, folder: str | Path, port: int = 0, browser: str = "auto") -> None:
    """Serve the page of a session until Ctrl-C; it can be reached from this machine only.

    Args:
        session: an open ``Session``; closed at the end.
        folder: where saved labels and results go.
        port: 0 for a free one.
        browser: "open" it, "print" the address only, or "auto": open it where there is a desktop.

    Raises:
        ScanError: if starlette and uvicorn are not installed, or the port is taken.
    """
    require_app()
    folder, visitors = Path(folder), Visitors()
    with contextlib.closing(session), contextlib.closing(free_socket(port)) as listening:
        port = listening.getsockname()[1]
        url = f"http://{ADDRESS}:{port}/#{visitors.token}"
        server = page_server(session, visitors, folder, port)
        opens = browser == "open" or (browser == "auto" and has_desktop())
        print(told(url, port), flush=True)
        with opened_browser(url, folder, opens), contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
    print(f"Closed. The strokes are in {folder}: the same command goes on with them.", flush=True)


def page_server(session: Any, visitors: Visitors, folder: Path, port: int) -> "uvicorn.Server":
    """A server of a session's page, for a socket of 127.0.0.1 and this port."""
    import uvicorn

    from synfine_monai.labelling.server import label_app

    app = label_app(session, visitors, folder, port, lambda: server.should_exit)
    config = uvicorn.Config(app, ws="none", lifespan="off", access_log=False, log_level="critical", server_header=False)
    config.proxy_headers, config.timeout_graceful_shutdown = False, GRACE_S
    server = uvicorn.Server(config)
    return server


def free_socket(port: int) -> socket.socket:
    """A listening socket of 127.0.0.1.

    Raises:
        ScanError: if the port is taken, or may not be had.
    """
    listening = socket.socket()
    try:
        if os.name != "nt":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ADDRESS, port))
        listening.listen()
    except (OSError, OverflowError) as problem:
        listening.close()
        reason = getattr(problem, "strerror", None) or str(problem)
        raise ScanError(f"port {port} cannot be had ({reason}): leave --port out to take a free one.") from problem
    return listening


def has_desktop() -> bool:
    """Whether a browser would be seen by whoever typed the command."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    if os.name == "nt" or sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def told(url: str, port: int) -> str:
    """What the terminal says."""
    lines = ["", f"Label at  {url}", "Ctrl-C here ends it; every stroke is kept."]
    if not has_desktop():
        there = f"{getpass.getuser()}@{socket.gethostname()}"
        lines[2:2] = ["From another computer, run there first:", f"  ssh -L {port}:{ADDRESS}:{port} {there}"]
    return "\n".join(lines)


@contextlib.contextmanager
def opened_browser(url: str, folder: Path, wanted: bool) -> Iterator[None]:
    """Open the page by a file that only its owner can read: other users see the arguments of a browser."""
    if not wanted:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "open_page.html"
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as page:
        page.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={html.escape(url)}">')
    try:
        webbrowser.open(file.resolve().as_uri())
        yield
    finally:
        file.unlink(missing_ok=True)
