"""A network in memory, under asyncio's own streams and protocols.

It has the layers of a real one, a file for each, from the bottom up:

- ``sockets``: what the system does. Two sockets with a link between them, which holds
  so many bytes and no more.
- ``faults``: the same link on a bad day, and every bad day can be had again from its
  seed: late, in pieces, stalled, reset, dead.
- ``transport``: what asyncio does. A buffer above a socket that never blocks, and the
  callbacks that tell a protocol what has come and when to stop writing.
- ``network``: ports, and the two calls that a loop offers: ``create_server`` and
  ``create_connection``.

``asyncio.start_server`` and ``asyncio.open_connection`` run on it unmodified, and the
server that they make is ``asyncio.Server`` itself, so that closing it means what it
means in the Python that runs. There are no threads, no files and no real sockets, so it
works in a browser as well. ``lab.simulation`` is a loop that brings such a network;
``install`` gives one to any other loop. ``Network.observers`` see all its bytes: see
``observer``.

A test runs the same cases on this network and on real TCP. They may differ in this:

- A wire holds ``CAPACITY`` bytes; real ones hold some megabytes, and how many depends
  on the machine. Room that a reader makes is known to the sender at once.
- Ports are handed out in order, not at random, and a port can be taken again at once.
- Every name but those of this computer, 127.0.0.0/8 among them, is unknown. Without a
  host, a server has one socket and not one for IPv4 and one for IPv6.
- As many may knock as like to: a queue of connections that nobody has accepted yet is
  never full.
- There is no TLS, no ``sock=``, no ``BufferedProtocol`` and no ``sendfile``.
- A socket has no file number. It remembers its options, and heeds only
  ``SO_LINGER``.
"""

from lab.network.faults import Faults, link_of
from lab.network.network import ChosenPort, Network, install
from lab.network.observer import Observer
from lab.network.sockets import CAPACITY
from lab.network.transport import Transport

__all__ = [
    "CAPACITY",
    "ChosenPort",
    "Faults",
    "Network",
    "Observer",
    "Transport",
    "install",
    "link_of",
]
