"""The servers that are compared: how each is started, and what is special about it."""

from collections.abc import Callable, Iterable
from functools import partial

from bench.peers import native
from bench.peers.peer import Peer, Unavailable
from bench.peers.python import step, websockets
from lab.story import STEPS, steps_of

__all__ = ["Peer", "Unavailable", "available", "everybody", "ours", "peer"]

# Steps that are compared with the others, beside the newest; the last is a side step.
MEASURED = ("05", "06", "09", "09_protocol")


def peer(name: str) -> Peer:
    """Return the server of that name: a step such as ``09``, or another's.

    Raises NoSuchStep if there is none, and Unavailable if it is not to be had here.
    """
    return _OTHERS[name]() if name in _OTHERS else step(name)


def available(names: Iterable[str]) -> tuple[list[Peer], dict[str, str]]:
    """Return those that are to be had, and why the others are not."""
    found, missing = [], {}
    for name in names:
        try:
            found.append(peer(name))
        except Unavailable as why:
            missing[name] = str(why)
    return found, missing


def ours() -> list[str]:
    """Return the names of the steps that are measured; the last two on uvloop, too."""
    newest = steps_of("server")[-1].number
    names = list(dict.fromkeys([*MEASURED, newest]))
    there = [name for name in names if (STEPS / f"server{name}.py").is_file()]
    return [*there, *(f"{name}+uvloop" for name in there[-2:])]


def everybody() -> list[str]:
    """Return the names of all that are measured."""
    return [*ours(), *_OTHERS]


_OTHERS: dict[str, Callable[[], Peer]] = {
    "websockets": websockets,
    "valkey": native.valkey,
    "nats": native.nats,
    "mosquitto": native.mosquitto,
    "bare-send": partial(native.bare, together=False),
    "bare-writev": partial(native.bare, together=True),
    "c-send": partial(native.in_c, together=False),
    "c-writev": partial(native.in_c, together=True),
}
