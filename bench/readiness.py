"""Which sockets are ready: epoll itself where there is one, for it costs the least."""

import select
import selectors
import sys
from typing import Any, Protocol

if sys.platform == "linux":
    READ, WRITE = select.EPOLLIN, select.EPOLLOUT
else:
    READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Readiness(Protocol):
    """What ``select.epoll`` has, and what is used of it."""

    def register(self, descriptor: int, events: int, /) -> Any:
        """Begin to look at a descriptor."""

    def modify(self, descriptor: int, events: int, /) -> Any:
        """Look out for something else there."""

    def unregister(self, descriptor: int, /) -> Any:
        """Look at it no more."""

    def poll(self, timeout: float, /) -> list[tuple[int, int]]:
        """Wait, for so many seconds at most; return descriptors and what is ready."""

    def close(self) -> None:
        """Look no more."""


class Elsewhere:
    """The same, by whatever another system has."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.register = self._selector.register
        self.modify = self._selector.modify
        self.unregister = self._selector.unregister
        self.close = self._selector.close

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        """Wait, for so many seconds at most; return descriptors and what is ready."""
        return [(key.fd, events) for key, events in self._selector.select(timeout)]


def readiness() -> Readiness:
    """Return what this system has."""
    if sys.platform == "linux":
        return select.epoll()
    return Elsewhere()
