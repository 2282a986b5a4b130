"""Finds calls that wait, made by code that runs in the event loop.

Python tells an *audit hook* of many calls that wait: of those that start a program,
connect, or look up a name. Of ``time.sleep`` it tells only since 3.13, so something
stands in for that. It waits for nothing: the clock of the simulation goes on instead.
"""

import sys
import threading
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from lab.check.findings.finding import Found
from lab.check.findings.whose import Own
from lab.simulation import Loop

_SUBPROCESS = "await asyncio.create_subprocess_exec"
_CONNECTION = "await asyncio.open_connection"
_LOOKUP = "await loop.getaddrinfo"
_THREAD = "await asyncio.to_thread"

# The events of calls that wait: what to call each, and what to use instead.
EVENTS = {
    "subprocess.Popen": ("subprocess", _SUBPROCESS),
    "os.system": ("os.system", _SUBPROCESS),
    "os.posix_spawn": ("os.posix_spawn", _SUBPROCESS),
    "socket.connect": ("connecting a socket", _CONNECTION),
    "http.client.connect": ("an HTTP request", _THREAD),
    "urllib.Request": ("an HTTP request", _THREAD),
    "ftplib.connect": ("an FTP connection", _THREAD),
    "smtplib.connect": ("an SMTP connection", _THREAD),
    "imaplib.open": ("an IMAP connection", _THREAD),
    "socket.getaddrinfo": ("looking up a name", _LOOKUP),
    "socket.gethostbyname": ("looking up a name", _LOOKUP),
    "socket.gethostbyaddr": ("looking up a name", _LOOKUP),
    "socket.getnameinfo": ("looking up a name", _LOOKUP),
    "sqlite3.connect": ("a database", _THREAD),
    "builtins.input": ("input()", _THREAD),
}

_sleep = time.sleep
_now: "Blocking | None" = None  # a hook cannot be removed: it asks who looks on
_hooked = False


class Blocking:
    """Looks on at the calls that are made."""

    def __init__(self, found: Found, own: Own) -> None:
        self.found, self.own = found, own

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look on in the block, in which the file has to be loaded."""
        global _now, _hooked
        if not _hooked:
            _hooked = True
            sys.addaudithook(_audit)
        _now, before = self, _now
        _set_sleep(_stand_in)
        try:
            yield
        finally:
            _now = before
            _set_sleep(_sleep if before is None else _stand_in)

    def called(self, event: str, args: tuple[Any, ...], frame: FrameType) -> None:
        """Take note of an event that means waiting."""
        if event == "socket.connect" and args[0].gettimeout() == 0:
            return  # it does not wait
        place = self._serving(frame)
        if place is not None:
            what, instead = EVENTS[event]
            self._add(place, what, instead)

    def sleeps(self, seconds: float, frame: FrameType) -> bool:
        """Take note of a sleep; whether the clock was set instead."""
        loop = _loop()
        if loop is None or not seconds > 0:
            return False
        if loop.in_executor:
            return True  # what runs there takes no time in the simulation
        if self.own.innermost(frame) is None:
            return False
        place = self._serving(frame)
        if place is not None:
            self._add(place, f"time.sleep({seconds:g})", "await asyncio.sleep")
        loop.stand_still(seconds)
        return True

    def _serving(self, frame: FrameType) -> FrameType | None:
        """Return the own frame that calls, if the loop has anyone to keep waiting."""
        loop = _loop()
        if loop is None or loop.in_executor:
            return None
        if not (loop.network.open or loop.network.listening()):
            return None  # before the server listens, it keeps nobody waiting
        return self.own.innermost(frame)

    def _add(self, frame: FrameType, what: str, instead: str) -> None:
        words = f"{what} stops the event loop, and every client waits; use {instead}"
        code = frame.f_code
        self.found.add("blocks the loop", code.co_filename, frame.f_lineno, words)


def _set_sleep(sleep: Callable[..., None]) -> None:
    vars(time)["sleep"] = sleep


def _loop() -> Loop | None:
    """Return the simulation that runs in this thread."""
    loop = events._get_running_loop()
    return loop if isinstance(loop, Loop) else None


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _now is not None and event in EVENTS:
        _now.called(event, args, sys._getframe(1))


def _stand_in(seconds: float, /) -> None:
    """Wait as ``time.sleep`` does, or let the simulation's clock go on instead."""
    main = threading.current_thread() is threading.main_thread()
    if _now is None or not main or not _now.sleeps(seconds, sys._getframe(1)):
        _sleep(seconds)
