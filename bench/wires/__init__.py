"""How each kind of server is spoken to; the job is the same with all of them."""

from bench.wires.chat import Chat
from bench.wires.websocket import WebSocket
from bench.wires.wire import Line, Said, Wire, WireError

__all__ = ["Line", "Said", "Wire", "WireError", "wire"]


def wire(name: str) -> Wire:
    """Return the wire of that name, in a new state; KeyError if there is none."""
    return _WIRES[name]()


_WIRES: dict[str, type[Wire]] = {"chat": Chat, "websocket": WebSocket}
