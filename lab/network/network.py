"""Ports, and the two calls of a loop that lead to them."""

import asyncio
import errno
import itertools
import os
import random
import re
import socket
import weakref
from asyncio import AbstractEventLoop, StreamReader, StreamReaderProtocol, StreamWriter
from collections.abc import Callable, Iterable
from typing import Any

from lab.network.faults import NONE, Faults, RoughLink
from lab.network.observer import Observer
from lab.network.sockets import CAPACITY, Address, Link, Listener, Name, Socket
from lab.network.transport import Transport

FIRST_PORT = 49152  # of those that are handed out: where the private ones begin
LAST_PORT = 65535

# The names that this computer has for itself, and for all its addresses at once.
LOOPBACK = {"localhost": "127.0.0.1", "::1": "::1", "127.0.0.1": "127.0.0.1"}
EVERYWHERE = {None: "0.0.0.0", "": "0.0.0.0", "0.0.0.0": "0.0.0.0", "::": "::"}

_LOOPBACK = re.compile(r"127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}")


class ChosenPort(int):
    """A port by which to tell, later, the socket for which it was chosen.

    A program may listen at several, and 0 may be what it was told of one of them.
    """


Factory = Callable[[], asyncio.BaseProtocol]


class Network:
    """The network of one computer, for one loop.

    ``capacity`` is how many bytes a wire holds in one direction. ``faults`` is what
    happens to connections of which nothing else is said, drawn from ``chance``.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        *,
        capacity: int = CAPACITY,
        faults: Faults = NONE,
        chance: random.Random | None = None,
    ) -> None:
        self.capacity = capacity
        self.faults = faults
        self.chance = chance or random.Random(0)
        self.observers: list[Observer] = []
        self.names: dict[Address, str] = {}  # of clients, by the address of their end
        self.open: set[Socket] = set()  # the ends of connections that are not closed
        self._loop = loop
        self._transports: weakref.WeakSet[Transport] = weakref.WeakSet()
        self._most_kept: dict[int, int] = {}  # by the port of the end that kept it
        self._listeners: dict[Address, Listener] = {}
        self._free_ports = itertools.cycle(range(FIRST_PORT, LAST_PORT + 1))

    async def create_server(
        self,
        protocol_factory: Factory,
        host: str | Iterable[str] | None = None,
        port: int | str | None = None,
        *,
        backlog: int = 100,
        start_serving: bool = True,
        **options: Any,
    ) -> asyncio.Server:
        """Do what ``loop.create_server`` does.

        OSError if the port is in use, socket.gaierror for a host that is not this
        computer, ValueError for what this network has not (see the module).
        """
        self._refuse(options, "ssl", "sock")
        hosts = [host] if host is None or isinstance(host, str) else list(host)
        listeners = self._listen(hosts, _number(port))
        for listener in listeners:
            listener.chosen = isinstance(port, ChosenPort)
        # asyncio's own: closing it means what it means in the Python that runs.
        make: Any = asyncio.Server
        server: asyncio.Server = make(
            self._loop, listeners, protocol_factory, None, backlog, None, None
        )
        if start_serving:
            await server.start_serving()
        return server

    async def create_connection(
        self,
        protocol_factory: Factory,
        host: str | None = None,
        port: int | str | None = None,
        *,
        faults: Faults | None = None,
        **options: Any,
    ) -> tuple[Transport, asyncio.BaseProtocol]:
        """Do what ``loop.create_connection`` does, on a link with these faults.

        OSError if nobody listens there, socket.gaierror for a host that is not this
        computer, ValueError for what this network has not (see the module).
        """
        self._refuse(options, "ssl", "sock")
        if host is None and port is None:
            raise ValueError("host and port was not specified and no sock specified")
        ours = await self._connected(host, _number(port), faults)
        protocol = protocol_factory()
        made = self._loop.create_future()
        transport = Transport(self._loop, ours, protocol, waiter=made)
        self._transports.add(transport)
        try:
            await made
        except BaseException:
            transport.close()
            raise
        return transport, protocol

    async def open_connection(
        self, host: str, port: int, *, faults: Faults | None = None
    ) -> tuple[StreamReader, StreamWriter]:
        """Do what ``asyncio.open_connection`` does, on a link with these faults."""
        reader = StreamReader(loop=self._loop)
        protocol = StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self.create_connection(
            lambda: protocol, host, port, faults=faults
        )
        return reader, StreamWriter(transport, protocol, reader, self._loop)

    def peak(self, port: int) -> int:
        """Return the most bytes that one transport at this port has ever kept."""
        for sock in self.open:
            self._note_kept(sock)
        return self._most_kept.get(port, 0)

    def facing(self, name: Name) -> Socket:
        """Return the open end whose other end has this name; LookupError if none."""
        for sock in self.open:
            if sock.peer_address == name[:2]:
                return sock
        raise LookupError(f"no open connection leads to {name}")

    def cut(self, name: Name) -> None:
        """Let the connection that leads to this name go dead: neither end is told.

        What is on its way is lost. LookupError if there is no such connection.
        """
        near = self.facing(name)
        if not isinstance(near.link, RoughLink):
            link = RoughLink(self._loop, NONE, self.chance)
            link.join(near, near.peer)
            near.link = near.peer.link = link
        near.link.die()

    def listening(self) -> list[Listener]:
        """Return the sockets that listen, those at a chosen port first."""
        found = [one for one in self._listeners.values() if one.listening]
        return sorted(found, key=lambda listener: not listener.chosen)

    def drop(self) -> None:
        """Forget all connections, as happens when a process is ended from outside."""
        for transport in list(self._transports):
            transport.drop()
        self.open.clear()

    # What asyncio.Server asks of its loop.

    def start_serving(
        self,
        factory: Factory,
        listener: Listener,
        _: Any,
        server: asyncio.Server,
        *__: Any,
    ) -> None:
        """Let in whoever knocks, from now on."""

        def accept() -> None:
            # Its socket holds it, and the network holds the socket while it is open.
            theirs = listener.accept()
            self._transports.add(
                Transport(self._loop, theirs, factory(), server=server)
            )

        listener.knocks.start(accept)

    def stop_serving(self, listener: Listener) -> None:
        """Let nobody in any more."""
        listener.close()

    # The rest is what a system does.

    async def _connected(
        self, host: str | None, port: int, wanted: Faults | None
    ) -> Socket:
        """Knock, and return our end of the connection."""
        faults = self.faults if wanted is None else wanted
        address = _own_address(host or "localhost")
        if address is None:
            self._lacks(f"computer {host!r}")
            raise _unknown(host)
        await asyncio.sleep(faults.latency)
        places = [(host, port) for host in (address, *EVERYWHERE.values())]
        listening = [self._listeners[p] for p in places if p in self._listeners]
        refused = self.chance.random() < faults.refused
        if not listening or not listening[0].listening or refused:
            words = f"Connect call failed ({address!r}, {port})"
            raise ConnectionRefusedError(errno.ECONNREFUSED, words)
        link: Link = Link()
        if wanted is not None or faults != NONE:
            link = RoughLink(self._loop, faults, self.chance)
        names = (address, self._free_port(address)), (address, port)
        ours, theirs = self._pair(*names, link)
        listening[0].knock(theirs)
        try:
            await asyncio.sleep(faults.latency)
        except BaseException:
            ours.close()  # nobody has it yet, so nobody else would
            raise
        return ours

    def _pair(self, near: Address, far: Address, link: Link) -> tuple[Socket, Socket]:
        ours = Socket(self._loop, near, far, self.capacity, self.observers)
        theirs = Socket(self._loop, far, near, self.capacity, self.observers)
        link.join(ours, theirs)
        for end, other in ((ours, theirs), (theirs, ours)):
            end.connect(other, link, self._closed)
            # As the system's table of open files, this holds what nobody else holds.
            self.open.add(end)
        return ours, theirs

    def _closed(self, sock: Socket) -> None:
        self.open.discard(sock)
        self._note_kept(sock)

    def _note_kept(self, sock: Socket) -> None:
        port = sock.getsockname()[1]
        self._most_kept[port] = max(self._most_kept.get(port, 0), sock.most_kept)

    def _listen(self, hosts: Iterable[str | None], port: int) -> list[Listener]:
        listeners: list[Listener] = []
        try:
            for host in hosts:
                listeners.append(self._bound(host, port))
        except OSError:
            for listener in listeners:
                listener.close()
            raise
        return listeners

    def _bound(self, host: str | None, port: int) -> Listener:
        address = _own_address(host)
        if address is None:
            self._lacks(f"address {host!r}")
            raise _unknown(host)
        if port == 0:
            port = self._free_port(address)
        elif self._taken(address, port):
            why = os.strerror(errno.EADDRINUSE).lower()
            where = f"error while attempting to bind on address {(address, port)!r}"
            raise OSError(errno.EADDRINUSE, f"{where}: {why}")
        listener = Listener(self._loop, (address, port), self._forget)
        self._listeners[address, port] = listener
        return listener

    def _refuse(self, options: dict[str, Any], *names: str) -> None:
        for name in names:
            if options.get(name) is not None:
                self._lacks(f"{name}=")
                raise ValueError(f"the network in memory has no {name}=")

    def _lacks(self, what: str) -> None:
        """Tell the loop what it was asked for and has not, if it keeps a note."""
        note = getattr(self._loop, "note", None)
        if note is not None:
            note(what)

    def _free_port(self, address: str) -> int:
        return next(p for p in self._free_ports if not self._taken(address, p))

    def _taken(self, address: str, port: int) -> bool:
        return any(
            taken_port == port
            and (taken == address or {taken, address} & set(EVERYWHERE.values()))
            for taken, taken_port in self._listeners
        )

    def _forget(self, listener: Listener) -> None:
        self._listeners.pop(listener.address, None)


def install(loop: AbstractEventLoop, **options: Any) -> Network:
    """Give a loop this network instead of the one it has, and return the network.

    For loops that have none, such as the one in a browser. Options are Network's.
    """
    network = Network(loop, **options)
    vars(loop).update(
        create_server=network.create_server,
        create_connection=network.create_connection,
        _start_serving=network.start_serving,
        _stop_serving=network.stop_serving,
    )
    return network


def _number(port: int | str | None) -> int:
    number = int(port or 0)
    if not 0 <= number <= LAST_PORT:
        raise OverflowError("port must be 0-65535.")
    return number


def _own_address(host: str | None) -> str | None:
    """Return the address that this computer has by this name; None for another one."""
    address = LOOPBACK.get(host or "") or EVERYWHERE.get(host)
    if address is None and host is not None and _LOOPBACK.fullmatch(host):
        return host  # all of 127.0.0.0/8 is
    return address


def _unknown(host: str | None) -> OSError:
    return socket.gaierror(socket.EAI_NONAME, f"no such host here: {host!r}")
