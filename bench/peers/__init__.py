"""The servers that are compared: how each is started, and what is special about it."""

from collections.abc import Callable
from functools import partial

from bench.peers import native
from bench.peers.peer import Peer, Unavailable
from bench.peers.python import step, websockets

__all__ = ["Peer", "Unavailable", "peer"]


def peer(name: str) -> Peer:
    """Return the server of that name: a step such as ``09``, or another's.

    KeyError if there is none.
    """
    if name[:2].isdigit():
        return step(name)
    return _OTHERS[name]()


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
