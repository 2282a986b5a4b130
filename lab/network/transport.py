"""asyncio's part of the network: a transport.

A protocol wants to write whenever it likes, and to be told what has come. A socket
takes bytes only while there is room. What lies between the two is a transport: it keeps
what the socket did not take, sends it when there is room, and asks the protocol to
stop while it keeps too much.
"""

import asyncio
import collections
import logging
import socket
import sys
import warnings
from collections.abc import Callable
from typing import Any

from lab.network.sockets import Socket

MAX_READ = 256 * 1024  # bytes taken off the socket in one turn, as asyncio does
HIGH = 64 * 1024  # bytes kept: with more, the protocol is asked to stop writing
WARNED_AFTER = 5  # writes to a connection that has gone, as in asyncio

logger = logging.getLogger("asyncio")


class Transport(asyncio.Transport):
    """One end of a connection, as a protocol sees it."""

    _socket: Socket | None = None

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: Socket,
        protocol: Any,
        *,
        server: asyncio.Server | None = None,
        waiter: asyncio.Future[None] | None = None,
    ) -> None:
        self._names = {"sockname": sock.getsockname(), "peername": sock.getpeername()}
        super().__init__({"socket": sock, **self._names})
        self._loop = loop
        self._socket = sock
        self._protocol = protocol
        self._server = server
        self._kept: collections.deque[bytes | memoryview] = collections.deque()
        self._size = 0
        self._finished = False  # the protocol will write no more
        self._closing = False
        self._lost = 0  # 0, or the writes since it was settled that it is lost
        self._reading = True
        self._protocol_paused = False
        self.set_write_buffer_limits()
        if server is not None:
            _attach(server, self)
        for observer in sock.observers:
            observer.connected(self, sock)
        # The protocol knows its transport before anything can arrive.
        loop.call_soon(protocol.connection_made, self)
        loop.call_soon(self._begin_to_read)
        if waiter is not None:
            loop.call_soon(_set_unless_done, waiter)

    def __repr__(self) -> str:
        state = "closed" if self._socket is None else "open"
        state = "closing" if self._socket and self._closing else state
        ends = f"{self._names['sockname']} to {self._names['peername']}"
        return f"<{type(self).__name__} {ends} {state} kept={self._size}>"

    def __del__(self) -> None:
        if self._socket is not None:
            warnings.warn(
                f"unclosed transport {self!r}", ResourceWarning, 2, source=self
            )
            if not self._loop.is_closed():
                self._socket.close()

    # -- what can be asked

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol."""
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol go on."""
        self._protocol = protocol

    def is_closing(self) -> bool:
        """Whether it is being closed, or is closed."""
        return self._closing

    def is_reading(self) -> bool:
        """Whether it hands over what arrives."""
        return self._reading and not self._closing

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait here for room on the wire."""
        return self._size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the two marks in bytes, the low one first."""
        return self._low, self._high

    def can_write_eof(self) -> bool:
        """Return true: a stream can end in one direction only."""
        return True

    # -- flow control: towards the one who writes

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        """Set the marks, in bytes, at which the protocol has to stop and may go on.

        ValueError unless ``high >= low >= 0``.
        """
        if high is None:
            high = HIGH if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._pause_if_too_much()

    def _pause_if_too_much(self) -> None:
        if self._size > self._high and not self._protocol_paused:
            self._protocol_paused = True
            self._tell("pause_writing", self._protocol.pause_writing)

    def _resume_if_little(self) -> None:
        if self._protocol_paused and self._size <= self._low:
            self._protocol_paused = False
            self._tell("resume_writing", self._protocol.resume_writing)

    def _tell(self, name: str, method: Callable[[], None]) -> None:
        try:
            method()
        except Exception as error:
            self._report(f"protocol.{name}() failed", error)

    # -- flow control: towards the one who sends

    def pause_reading(self) -> None:
        """Take nothing more off the socket: the wire fills, and the sender waits."""
        if self.is_reading():
            self._reading = False
            self._open_socket.reader.stop()

    def resume_reading(self) -> None:
        """Go on taking what arrives."""
        if not self._closing and not self._reading:
            self._reading = True
            self._begin_to_read()

    # -- writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send the data, or keep what the socket does not take."""
        if not isinstance(data, bytes | bytearray | memoryview):
            name = type(data).__name__
            raise TypeError(f"data argument must be a bytes-like object, not {name!r}")
        if self._finished:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not data:
            return
        if self._lost:
            self._note_lost_write()
            return
        self._open_socket.writes += 1
        whole = bytes(data)
        for observer in self._open_socket.observers:
            observer.wrote(self, whole)
        begins = not self._kept
        self._kept.append(whole)
        self._size += len(whole)
        if begins:
            if not self._send_kept() or not self._kept:
                return
            self._open_socket.writer.start(self._write_ready)
        sock = self._open_socket
        sock.most_kept = max(sock.most_kept, self._size)
        self._pause_if_too_much()

    def write_eof(self) -> None:
        """Finish this direction, when all that is kept has been sent."""
        if self._closing or self._finished:
            return
        self._finished = True
        if not self._kept:
            self._open_socket.shutdown(socket.SHUT_WR)

    def _write_ready(self) -> None:
        """Send of what is kept as much as there is room for."""
        if self._lost or not self._send_kept():
            return
        self._resume_if_little()  # the protocol may write now, and add to what is kept
        if not self._kept:
            self._all_is_sent()

    def _all_is_sent(self) -> None:
        self._open_socket.writer.stop()
        if self._closing:
            self._connection_lost(None)
        elif self._finished:
            self._open_socket.shutdown(socket.SHUT_WR)

    def _send_kept(self) -> bool:
        """Send what the socket takes, and keep the rest; false if it has failed."""
        try:
            taken = self._open_socket.sendmsg(self._kept)
        except BlockingIOError:
            return True
        except OSError as error:
            self._lose(error)
            return False
        self._size -= taken
        while taken:
            first = self._kept.popleft()
            if taken < len(first):
                # A view: to copy the rest each time would be quadratic.
                self._kept.appendleft(memoryview(first)[taken:])
                break
            taken -= len(first)
        return True

    def _note_lost_write(self) -> None:
        if self._lost >= WARNED_AFTER:
            logger.warning("socket.send() raised exception.")
        self._lost += 1

    # -- reading

    def _begin_to_read(self) -> None:
        if self.is_reading():
            self._open_socket.reader.start(self._read_ready)

    def _read_ready(self) -> None:
        """Hand over what has arrived: one portion in a turn, so that nobody starves."""
        if self._lost:
            return
        try:
            data = self._open_socket.recv(MAX_READ)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error)
            return
        try:
            if data:
                self._protocol.data_received(data)
            else:
                self._end_of_stream()
        except Exception as error:
            self._report("Fatal error: the protocol failed", error)
            self._lose(error)

    def _end_of_stream(self) -> None:
        if self._protocol.eof_received():
            self._open_socket.reader.stop()  # the protocol may go on writing
        else:
            self.close()

    # -- the end

    def close(self) -> None:
        """Close the connection when all that is kept has been sent."""
        if self._closing:
            return
        self._closing = True
        self._open_socket.reader.stop()
        if not self._kept:
            self._lost += 1
            self._loop.call_soon(self._connection_lost, None)

    def abort(self) -> None:
        """Close the connection now; what is kept is thrown away."""
        self._lose(None)

    def drop(self) -> None:
        """Forget the connection, as happens when a process is ended from outside."""
        self._socket = None
        self._closing = True

    def _lose(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._closing = True
        self._lost += 1
        self._kept.clear()
        self._size = 0
        self._open_socket.reader.stop()
        self._open_socket.writer.stop()
        # At the next turn: nobody is called back from within a call of its own.
        self._loop.call_soon(self._connection_lost, error)

    def _connection_lost(self, error: Exception | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            self._lost += 1
            self._open_socket.close()
            self._socket = None
            if self._server is not None:
                _detach(self._server, self)
                self._server = None

    @property
    def _open_socket(self) -> Socket:
        assert self._socket is not None, "nothing is done with a closed transport"
        return self._socket

    def _report(self, message: str, error: Exception) -> None:
        self._loop.call_exception_handler(
            {
                "message": message,
                "exception": error,
                "transport": self,
                "protocol": self._protocol,
            }
        )


def _set_unless_done(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


# A server counts its connections. How it wants to be told has changed in Python 3.13,
# and is nobody's business but that of asyncio's own transports and, here, of ours.


def _attach(server: Any, transport: Transport) -> None:
    server._attach(*(() if sys.version_info < (3, 13) else (transport,)))


def _detach(server: Any, transport: Transport) -> None:
    server._detach(*(() if sys.version_info < (3, 13) else (transport,)))
