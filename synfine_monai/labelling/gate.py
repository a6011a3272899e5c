"""What stands between the network and the page's routes: every request is looked at before anything is done for it."""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synfine_monai.labelling.visitors import Visitors

__all__ = ["Gate", "refused"]

MOST_BYTES = 1_000_000
"""Of a body."""

LOGIN, TAKE_OVER = "/api/login", "/api/take_over"
READS = ("GET", "HEAD")

HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def refused(status: int, sentence: str) -> JSONResponse:
    """An answer that says in one sentence why nothing was done."""
    return JSONResponse({"error": sentence}, status)


class Gate:
    """ASGI middleware that lets pass only what comes from the page itself, in a browser that was given the token.

    Refused are: another Host than this machine's (421), which a rebound name would have; writes from another Origin
    (403), of another type than JSON (415) or longer than ``MOST_BYTES`` (413); whatever is not public without a cookie
    (401), and writes by a browser that only looks (409).

    Args:
        app: the routes.
        visitors: who may come, and who may write.
        port: that the page is served on.
        public: paths that anybody on this machine may read: the page without its data.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors, port: int, public: Collection[str]) -> None:
        self.app, self.visitors, self.public = app, visitors, frozenset(public)
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self.origins = {f"http://{host}" for host in self.hosts}
        self.cookie = f"synfine_{port}"  # browsers send a cookie to every port of a host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._refusal(scope)
        body = b"" if answer or scope["method"] in READS else await _whole_body(receive)
        if answer is None and body is None:
            answer = refused(413, f"a request holds at most {MOST_BYTES:,} bytes.")
        if answer is not None:
            await answer(scope, receive, guarded)
            return
        scope["state"] = {"body": body, "cookie": self._cookie_of(scope), "cookie_name": self.cookie}
        await self.app(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers, path = Headers(scope=scope), scope["path"]
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return refused(421, "this page is served at 127.0.0.1 only.")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and path not in self.public:
            return refused(403, "another page asked for this.")
        if scope["method"] not in READS and (answer := self._refused_write(headers)):
            return answer
        if path in self.public or path == LOGIN:
            return None
        cookie = self._cookie_of(scope)
        if not self.visitors.knows(cookie):
            return refused(
                401, "open the address that 'synfine label' printed: this browser has no key, or an old one."
            )
        if scope["method"] not in READS and path != TAKE_OVER and not self.visitors.may_write(cookie):
            return refused(409, "another browser paints; this one only looks.")
        return None

    def _refused_write(self, headers: Headers) -> JSONResponse | None:
        if headers.getlist("origin") not in [[origin] for origin in self.origins]:
            return refused(403, "another page asked for this.")
        if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return refused(415, "the body must be application/json.")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12 or int(length) > MOST_BYTES:
            return refused(413, f"a request holds at most {MOST_BYTES:,} bytes.")
        return None

    def _cookie_of(self, scope: Scope) -> str | None:
        return Request(scope).cookies.get(self.cookie)


async def _whole_body(receive: Receive) -> bytes | None:
    """The body, or None where it is too long or its sender is gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)
