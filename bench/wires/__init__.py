"""How each kind of server is spoken to; the job is the same with all of them."""

from bench.wires.chat import Chat, Relay
from bench.wires.mqtt import Mqtt
from bench.wires.nats import Nats
from bench.wires.resp import Resp
from bench.wires.websocket import WebSocket
from bench.wires.wire import Line, Said, Wire, WireError

__all__ = ["Line", "Said", "Wire", "WireError", "wire"]


def wire(name: str) -> Wire:
    """Return the wire of that name, in a new state; KeyError if there is none."""
    return _WIRES[name]()


_WIRES: dict[str, type[Wire]] = {
    "chat": Chat,
    "mqtt": Mqtt,
    "nats": Nats,
    "relay": Relay,
    "resp": Resp,
    "websocket": WebSocket,
}
