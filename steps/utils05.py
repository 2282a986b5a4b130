"""Listens, handles signals, and says goodbye to the clients at the end.

New: the life of a process, which is the same for every server.
Still wrong: it does not serve clients.
"""

import asyncio
import errno
import signal
from asyncio import Server
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from utils03 import bound_send_buffers

MINUTE = 60.0  # seconds
ONE_TURN = 0.001  # seconds; one full turn: arrived data is handled before timers


async def listen(client_connected: Any, host: str, port: int, most: int) -> Server:
    """Start to listen, print where, and return the server, as ``start_server`` does.

    ``most`` is how many connections may wait to be accepted. Raises OSError if it
    cannot listen there.
    """
    # asyncio accepts up to backlog connections per turn. Out of descriptors, every
    # attempt logs an error and sets a timer to try again: one is enough.
    server = await asyncio.start_server(client_connected, host, port, backlog=1)
    bound_send_buffers(server)  # megabytes would hide that a client no longer reads
    for listening in server.sockets:
        with listening.dup() as same:  # the others wait in the kernel
            same.listen(most)
        # Ask the socket: if we asked for port 0, only it knows the port.
        host, port = listening.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host  # IPv6, in brackets as in a URL
        log(f"Listening on {host}:{port}")
    return server


async def say_goodbye(server: Server, clients: set[Any], timeout: float) -> None:
    """Tell all clients that the server stops; leave nothing open or running.

    ``clients`` has each Connection, from the start of its task to the end.
    Clients have ``timeout`` seconds to read the goodbye and disconnect.
    """
    # Two turns of the loop. In the first, connections that the kernel has accepted
    # become ours: closing the socket now would reset them silently. In the
    # second, their tasks start, and each adds its client to the collection.
    await asyncio.sleep(ONE_TURN)
    server.close()
    await asyncio.sleep(ONE_TURN)
    if not clients:
        return
    # No await in this loop: bye is the last message of every client alike.
    for client in clients:
        client.say_last({"action": "bye", "reason": "the server stops"})
    tasks = {client.task for client in clients}
    await asyncio.wait(tasks, timeout=timeout)
    for client in clients:
        client.writer.transport.abort()
    await asyncio.wait(tasks)


def log(line: str) -> None:
    """Print a line if possible: a full disk must not stop the service."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class ExceptionHandler:
    """Handles errors of the loop, which repeats one when descriptors run out."""

    last = -MINUTE

    def __call__(
        self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        number = getattr(context.get("exception"), "errno", None)
        if number not in (errno.EMFILE, errno.ENFILE):
            # The loop retries accept even after we closed the listening socket.
            if "_start_serving" not in context["message"]:
                loop.default_exception_handler(context)
        elif loop.time() >= self.last + MINUTE:
            self.last = loop.time()
            log("No file descriptor is left: no client can connect.")


async def until_signal(main: Callable[..., Any], host: str, port: int) -> None:
    """Run main. A first signal cancels it; a second one ends the process."""
    serving: Any = asyncio.current_task()
    serving.get_loop().set_exception_handler(ExceptionHandler())
    ours = [signal.SIGINT, signal.SIGTERM]
    # Windows has no SIGHUP. After nohup it is ignored and must stay so.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        ours.append(signal.SIGHUP)

    def stop(*_: object) -> None:
        serving.get_loop().call_soon_threadsafe(serving.cancel)
        for number in ours:
            signal.signal(number, signal.SIG_DFL)

    for number in ours:
        signal.signal(number, stop)  # not add_signal_handler: Windows has none
    await main(host, port)
