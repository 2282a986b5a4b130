"""What may look on at the connections of a network, and what it is told."""

from typing import Any


class Observer:
    """Sees the bytes of all connections; override what you want to see.

    ``Network.observers`` is a list of them. A transport belongs to one end of a
    connection, and so does a socket: its ``peer`` is the socket of the other end.
    """

    def connected(self, transport: Any, sock: Any) -> None:
        """Take note that an end of a connection has a transport now."""

    def wrote(self, transport: Any, data: bytes) -> None:
        """Take note of what a protocol writes; the transport may have to keep it."""

    def sent(self, sock: Any, data: bytes) -> None:
        """Take note of what goes onto the wire."""

    def received(self, sock: Any, data: bytes) -> None:
        """Take note of what is taken off the wire."""
