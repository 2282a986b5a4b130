"""What cannot be kept, said before a step is started and not by what happens later."""

import asyncio
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
LOOP = 4  # descriptors that no event loop can do without: itself, a pair, a door


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

    Raises OSError if there is none for a single client, or if nothing can listen.
    """
    if sys.platform in ("win32", "emscripten"):
        return ""
    import resource  # Windows has none

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return ""
    try:
        # With too few for the loop itself, asyncio would also complain of its own end.
        room = most - asyncio.run(_used(host)) if most - _open() > LOOP else 0
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        room = 0
    if room < 1:
        raise OSError(errno.EMFILE, f"{os.strerror(errno.EMFILE)}: ulimit -n is {most}")
    places = getattr(module, "MAX_CLIENTS", 0)
    few = f"There is room for {room} of {places} clients: ulimit -n is {most}"
    return few if room < places else ""


async def _used(host: str) -> int:
    """Return how many descriptors this process has while something listens.

    What an event loop needs for itself differs from one to the next.
    """
    async with await asyncio.start_server(_attend, host, 0) as server:
        if not server.sockets:  # up to Python 3.12, asyncio does not say why
            socket.socket().close()
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        return _open()


def _open() -> int:
    return len(os.listdir("/dev/fd")) - 1  # the list takes one for itself


def _attend(*_: object) -> None:
    """Nobody knows this port."""
