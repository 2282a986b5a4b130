"""What a process has and the simulation has not, noted where a program asks for it.

Not by the exception that comes of it: asyncio catches some of these, and so may the
program. A note says no more than that it asked. Whoever judges the program looks at the
notes when something did not go as it should.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

# The methods of a loop that need the operating system, and what to call each of them.
METHODS = {
    "subprocess_exec": "subprocesses",
    "subprocess_shell": "subprocesses",
    "connect_read_pipe": "pipes",
    "connect_write_pipe": "pipes",
    "add_reader": "add_reader",
    "add_writer": "add_writer",
    "remove_reader": "remove_reader",
    "remove_writer": "remove_writer",
    "sock_accept": "sock_accept",
    "sock_connect": "sock_connect",
    "sock_recv": "sock_recv",
    "sock_recv_into": "sock_recv_into",
    "sock_recvfrom": "sock_recvfrom",
    "sock_recvfrom_into": "sock_recvfrom_into",
    "sock_sendall": "sock_sendall",
    "sock_sendto": "sock_sendto",
    "sock_sendfile": "sock_sendfile",
    "sendfile": "sendfile",
    "start_tls": "TLS",
    "connect_accepted_socket": "connect_accepted_socket",
    "create_datagram_endpoint": "datagrams",
    "create_unix_server": "Unix sockets",
    "create_unix_connection": "Unix sockets",
}
THREADS = "threads of the program's own"


class Lacking(asyncio.BaseEventLoop):
    """A loop that notes what it was asked for and has not; see ``METHODS``."""

    def __init__(self) -> None:
        super().__init__()
        self.lacked: list[str] = []  # in the order of the first request for each
        self._threads = set(threading.enumerate())

    def note(self, what: str) -> None:
        """Note that the program asked for something that is not here."""
        if what not in self.lacked:
            self.lacked.append(what)

    def started_threads(self) -> set[threading.Thread]:
        """Return the threads that run, and did not when this loop was made."""
        return {t for t in threading.enumerate() if t.is_alive()} - self._threads


def _method(name: str, what: str) -> Callable[..., Any]:
    def lacking(self: Lacking, *_: Any, **__: Any) -> Any:
        self.note(what)
        raise NotImplementedError(f"the simulation has no {what}")

    lacking.__name__ = lacking.__qualname__ = name
    lacking.__doc__ = f"Note that the simulation has no {what}; NotImplementedError."
    return lacking


for _name, _what in METHODS.items():
    setattr(Lacking, _name, _method(_name, _what))


def lacking() -> str:
    """Return what the running loop was asked for and has not; empty for nothing.

    A real loop lacks nothing.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, Lacking):
        return ""
    if loop.started_threads():
        loop.note(THREADS)
    return " and no ".join(loop.lacked)
