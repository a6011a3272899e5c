"""The page's server: a few routes over a session. What may pass is decided before, by the gate."""

import json
import time
import traceback
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from synfine_monai.errors import ScanError
from synfine_monai.labelling.bodies import ANSWER, LOGIN, NOTHING, STROKE, read_body, read_number, read_place
from synfine_monai.labelling.finish_thread import FinishThread
from synfine_monai.labelling.gate import Gate, refused
from synfine_monai.labelling.prediction import Superseded
from synfine_monai.labelling.visitors import Visitors

__all__ = ["STATIC", "label_app"]

WEB = Path(__file__).parent / "web"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FILES = [
    "page.css",
    "icon.svg",
    "app.js",
    "audit.js",
    "brush.js",
    "colors.js",
    "keys.js",
    "numbers.js",
    "page.js",
    "painting.js",
    "panel.js",
    "pointer.js",
    "scale_bar.js",
    "server.js",
    "slice_view.js",
    "strip.js",
    "tiles.js",
]
STATIC = {"/": "index.html"} | {f"/{name}": name for name in FILES}
"""Path -> file of ``web``: all that is served from the disk."""

LONGEST_WAIT_S, LOOK_S = 20.0, 0.5
SUGGESTIONS = 5


class Json(Response):
    """JSON without NaN; numpy's numbers count as numbers."""

    media_type = "application/json"  # type: ignore[assignment]

    def render(self, content: Any) -> bytes:
        """The bytes that are sent."""
        return json.dumps(content, allow_nan=False, default=lambda value: value.tolist()).encode()


class Desk:
    """What the routes do.

    Args:
        session: a ``Session``, or what behaves like one.
        visitors: who asks.
        folder: where saved labels and results go.
        ended: whether the server is to end, so that nobody shall wait any longer.
    """

    def __init__(self, session: Any, visitors: Visitors, folder: Path, ended: Callable[[], bool]) -> None:
        self.session, self.visitors, self.folder, self.ended = session, visitors, folder, ended
        self.finish = FinishThread(session, folder / "finished")

    def login(self, request: Request) -> Response:
        """The token against a cookie."""
        token = read_body(request.state.body, LOGIN)["token"]
        cookie = self.visitors.admit(token, request.state.cookie)
        if cookie is None:
            return refused(401, "the address is of an earlier start: open the one that 'synfine label' printed last.")
        answer = Json({"you_write": self.visitors.may_write(cookie)})
        answer.set_cookie(request.state.cookie_name, cookie, httponly=True, samesite="strict", path="/")
        return answer

    async def state(self, request: Request) -> Response:
        """Everything beside the slices; with ?revision=N, as soon as it is another one, or after 20 seconds."""
        known = read_number(request.query_params, "revision", -1)
        before, until = self._beside(request), time.monotonic() + LONGEST_WAIT_S
        while True:
            state = await run_in_threadpool(self.session.wait, known, 0 if known < 0 else LOOK_S)
            beside = self._beside(request)
            news = known < 0 or state["revision"] != known or beside != before
            if news or time.monotonic() >= until or self.ended() or await request.is_disconnected():
                shares = await run_in_threadpool(self.session.shares)
                return Json({**state, **beside, "shares": shares})

    def _beside(self, request: Request) -> dict[str, Any]:
        """What of the state is not the session's."""
        cookie = request.state.cookie
        self.visitors.knows(cookie)
        return {
            "you_write": self.visitors.may_write(cookie),
            "writer_is_gone": self.visitors.writer_is_gone,
            "finish": self.finish.state(),
        }

    def tile(self, request: Request) -> Response:
        """A part of a slice: its bytes row by row; of what is predicted, the labels and then the uncertainty."""
        kind, view, index, box = read_place(request.query_params)
        if kind == "predicted":
            labels, unsure, version = self.session.predicted(view, index, box)
            return self._bytes(np.stack([labels, unsure]), {"x-version": str(version)})
        return self._bytes(getattr(self.session, kind)(view, index, box), {})

    @staticmethod
    def _bytes(values: np.ndarray, headers: Mapping[str, str]) -> Response:
        content = zlib.compress(np.ascontiguousarray(values, np.uint8).tobytes(), 1)
        rows, columns = values.shape[-2:]
        said = {"content-encoding": "deflate", "x-shape": f"{rows},{columns}", **headers}
        return Response(content, media_type="application/octet-stream", headers=said)

    def suggestions(self, request: Request) -> Response:
        """Where to go next, and why."""
        return Json({"suggestions": self.session.suggestions(SUGGESTIONS)})

    def audit(self, request: Request) -> Response:
        """Shares with intervals, from windows labelled blind."""
        return Json({"audit": self.session.audit()})

    def stroke(self, label: int, radius: float, view: str, index: int, points: list[Any]) -> dict[str, Any]:
        """Paint."""
        return {"strokes": self.session.stroke(label, radius, view, index, points)}

    def undo(self) -> dict[str, Any]:
        """Take the last stroke back."""
        return {"strokes": self.session.undo()}

    def redo(self) -> dict[str, Any]:
        """Paint again what was undone."""
        return {"strokes": self.session.redo()}

    def audit_window(self) -> dict[str, Any]:
        """A window to label blind."""
        return dict(self.session.audit_window())

    def audit_answer(self, id: int | str, labels: np.ndarray) -> dict[str, Any]:
        """The labels of such a window."""
        self.session.audit_answer(id, labels)
        return {}

    def save(self) -> dict[str, Any]:
        """Write labels and network beside the session."""
        return {"path": str(self.session.save(self.folder / "saved"))}

    def start_finish(self) -> dict[str, Any]:
        """Begin the last step."""
        self.finish.start()
        return {}

    def take_over(self, request: Request) -> Response:
        """Paint here, if the browser that did is gone."""
        read_body(request.state.body, NOTHING)
        if not self.visitors.take_over(request.state.cookie):
            return refused(409, "another browser paints; close it there first, and wait half a minute.")
        return Json({})


def _write(schema: Mapping[str, Any], do: Callable[..., dict[str, Any]]) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        return Json(do(**read_body(request.state.body, schema)))

    return endpoint


def _static(name: str) -> Callable[[Request], Response]:
    content = (WEB / name).read_bytes()

    def endpoint(request: Request) -> Response:
        return Response(content, media_type=TYPES[Path(name).suffix])

    return endpoint


async def _wrong(request: Request, problem: Exception) -> Response:
    return refused(422, " ".join(str(problem).split()))


async def _given_up(request: Request, problem: Exception) -> Response:
    return Response(status_code=204)


async def _no_route(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    answer = refused(problem.status_code, {404: "there is no such page."}.get(problem.status_code, problem.detail))
    answer.headers.update(problem.headers or {})
    return answer


async def _failed(request: Request, problem: Exception) -> Response:
    traceback.print_exception(problem)
    what = " ".join(str(problem).split()) or type(problem).__name__
    return refused(500, f"this failed ({what:.200}); the strokes are kept. The terminal says more.")


def label_app(
    session: Any, visitors: Visitors, folder: Path, port: int, ended: Callable[[], bool] = lambda: False
) -> ASGIApp:
    """The ASGI application of a session's page.

    Args:
        session: a ``Session``, or what behaves like one.
        visitors: whose token opens it.
        folder: where saved labels and results go.
        port: of 127.0.0.1 that it is served on.
        ended: whether the server is to end.
    """
    desk = Desk(session, visitors, folder, ended)
    writes = {
        "stroke": _write(STROKE, desk.stroke),
        "undo": _write(NOTHING, desk.undo),
        "redo": _write(NOTHING, desk.redo),
        "audit_window": _write(NOTHING, desk.audit_window),
        "audit_answer": _write(ANSWER, desk.audit_answer),
        "save": _write(NOTHING, desk.save),
        "finish": _write(NOTHING, desk.start_finish),
        "login": desk.login,
        "take_over": desk.take_over,
    }
    reads = {"state": desk.state, "tile": desk.tile, "suggestions": desk.suggestions, "audit": desk.audit}
    routes = [Route(path, _static(name), methods=["GET"]) for path, name in STATIC.items()]
    routes += [Route(f"/api/{name}", do, methods=["GET"]) for name, do in reads.items()]
    routes += [Route(f"/api/{name}", do, methods=["POST"]) for name, do in writes.items()]
    handlers: dict[Any, Any] = {ScanError: _wrong, Superseded: _given_up, HTTPException: _no_route, Exception: _failed}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Gate(app, visitors, port, STATIC)
