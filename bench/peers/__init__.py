"""The servers that are compared: how each is started, and what is special about it."""

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


_OTHERS = {"websockets": websockets}
