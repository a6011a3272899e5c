"""The browsers that hold the token, and which of them paints."""

import secrets
import threading
import time
from collections.abc import Callable

__all__ = ["Visitors"]

QUIET_S = 30.0
"""A browser that was not heard of for so long is gone; the page asks for the state every 20 seconds at least."""


class Visitors:
    """Admits browsers that bring the token; the first of them paints, the others look.

    Args:
        clock: seconds, only ever growing.

    Attributes:
        token: 256 random bits in hexadecimal; in the fragment of the page's URL, which no browser sends anywhere.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.token, self.clock = secrets.token_hex(32), clock
        self._heard: dict[str, float] = {}
        self._writer = ""
        self._lock = threading.Lock()

    def admit(self, token: str, cookie: str | None) -> str | None:
        """The cookie of a browser that brings the token, or None; one that has a good cookie keeps it."""
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return None
        with self._lock:
            known = cookie if cookie in self._heard else secrets.token_hex(32)
            self._heard[known] = self.clock()
            self._writer = self._writer or known
            return known

    def knows(self, cookie: str | None) -> bool:
        """Whether this is a visitor's cookie; it was heard of now."""
        with self._lock:
            if cookie not in self._heard:
                return False
            self._heard[cookie] = self.clock()
            return True

    def may_write(self, cookie: str | None) -> bool:
        """Whether this visitor is the one who paints."""
        return bool(cookie) and cookie == self._writer

    @property
    def writer_is_gone(self) -> bool:
        """Whether the one who paints was not heard of for ``QUIET_S``."""
        with self._lock:
            return self.clock() - self._heard.get(self._writer, float("-inf")) > QUIET_S

    def take_over(self, cookie: str) -> bool:
        """Let this visitor paint from now on, if nobody does; whether it may."""
        if self.may_write(cookie):
            return True
        if not self.writer_is_gone:
            return False
        with self._lock:
            self._writer = cookie
        return True
