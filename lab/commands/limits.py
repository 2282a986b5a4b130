"""What cannot be kept, said before a step is started and not by what happens later."""

import errno
import math
import os
import socket
import sys
from types import ModuleType
from typing import Any

# What makes sense of a constant, where that is more than any number above 0.
LEAST = {"BURST": 1.0}  # with less, nobody ever has a token for a first message
# Larger numbers do not fit into what the system takes.
MOST = {"MAX_CLIENTS": 2**31 - 1, "SEND_BUFFER": 2**31 - 1}
LOOP = 3  # descriptors that asyncio needs for itself: epoll, and a pair of sockets


def look_at(module: ModuleType, setting: str, old: Any) -> None:
    """Raise ValueError if a constant was changed to what can be no limit.

    A number above 0 has to stay above 0: no step takes 0 for *without a limit*.
    """
    new = getattr(module, setting)
    if isinstance(new, str | bool) or old <= 0:
        return
    least, most = LEAST.get(setting, 0), MOST.get(setting, math.inf)
    if new < least or new <= 0 or not math.isfinite(new):
        words = f"{least:g} or more" if least else "a number above 0"
        raise ValueError(f"{setting} has to be {words}, not {new}")
    if new > most:
        raise ValueError(f"{setting} has to be {most} or less, not {new}")


def shortage(module: ModuleType, host: str) -> str:
    """Return a line if descriptors run out before places do, and otherwise nothing.

    Raises OSError if there is none for a single client, or no socket for the host.
    """
    doors = _doors(host)
    if sys.platform in ("win32", "emscripten"):
        return ""
    import resource  # Windows has none

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = most - _used() - LOOP - doors
    if most == resource.RLIM_INFINITY:
        return ""
    if room < 1:
        raise OSError(errno.EMFILE, f"{os.strerror(errno.EMFILE)}: ulimit -n is {most}")
    places = getattr(module, "MAX_CLIENTS", 0)
    few = f"There is room for {room} clients, not for {places}: ulimit -n is {most}"
    return few if room < places else ""


def _doors(host: str) -> int:
    """Return how many sockets will listen.

    Raises OSError if there can be none: up to Python 3.12, asyncio would not say so.
    """
    found = socket.getaddrinfo(
        host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    opened = 0
    for family, kind, protocol, _, _ in found:
        try:
            socket.socket(family, kind, protocol).close()
            opened += 1
        except OSError as error:  # a system without IPv6, for instance
            reason = error
    if not opened:
        raise reason
    return opened


def _used() -> int:
    """Return how many descriptors this process has."""
    try:
        return len(os.listdir("/dev/fd")) - 1  # the list takes one for itself
    except OSError:
        return 3  # input, output and errors
