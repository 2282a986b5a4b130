"""The limit: what a delivery costs when nothing is done but to read and to send.

Whatever comes from one connection goes to all others, in one room, unread. Nothing is
parsed but the header that says where a frame ends. ``each`` makes a ``send`` for every
frame and receiver; ``together`` one ``writev`` for all frames of a turn. A first frame
goes back to its sender, who so learns that they are in.
"""

import os
import select
import socket
import sys

if sys.platform != "linux":
    sys.exit("the bare loop needs epoll, which only Linux has")

HEADER = 3  # bytes: the size of the payload, an unsigned integer, lowest byte first
CHUNK = 1 << 18  # bytes read from one connection in a turn
BACKLOG = 4096  # connections that may wait to be accepted


class Client:
    """One connection, and what has come of a frame that is not complete."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.rest = b""
        self.known = False

    def read(self) -> list[bytes] | None:
        """Return the frames that have come; None if the connection has ended."""
        try:
            data = self.socket.recv(CHUNK)
        except OSError:
            return None
        if not data:
            return None
        data, frames, start = self.rest + data, [], 0
        while (end := start + HEADER) <= len(data):
            end += int.from_bytes(data[start : start + HEADER], "little")
            if end > len(data):
                break
            frames.append(data[start:end])
            start = end
        self.rest = data[start:]
        return frames

    def write(self, frames: list[bytes]) -> None:
        """Send frames with one call, or more where the line does not take them all."""
        sent = os.writev(self.socket.fileno(), frames)
        rest = b"".join(frames)[sent:] if sent < sum(map(len, frames)) else b""
        if rest:
            self.socket.sendall(rest)


class Room:
    """All who are connected."""

    def __init__(self, *, together: bool) -> None:
        self.together = together
        self.clients: dict[int, Client] = {}
        self._said: list[tuple[Client, bytes]] = []

    def take(self, client: Client, frames: list[bytes]) -> None:
        """Deliver frames to everybody else, at once or at the end of the turn."""
        if frames and not client.known:
            client.known = True
            client.socket.sendall(frames.pop(0))
        if self.together:
            self._said += [(client, frame) for frame in frames]
            return
        for frame in frames:
            for other in self.clients.values():
                if other is not client:
                    other.socket.sendall(frame)

    def end_of_turn(self) -> None:
        """Deliver what was said in this turn and has not been delivered."""
        said, self._said = self._said, []
        everything = [frame for _, frame in said]
        speakers = {speaker for speaker, _ in said}
        for client in self.clients.values() if said else ():
            frames = everything
            if client in speakers:
                frames = [frame for speaker, frame in said if speaker is not client]
            if frames:
                client.write(frames)


def serve(port: int, *, together: bool) -> None:
    """Listen on a port of this machine for ever."""
    room, readiness = Room(together=together), select.epoll()
    with socket.create_server(("127.0.0.1", port), backlog=BACKLOG) as door:
        readiness.register(door.fileno(), select.EPOLLIN)
        while True:
            for descriptor, _ in readiness.poll():
                if descriptor == door.fileno():
                    connected, _ = door.accept()
                    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    readiness.register(connected.fileno(), select.EPOLLIN)
                    room.clients[connected.fileno()] = Client(connected)
                    continue
                client = room.clients[descriptor]
                if (frames := client.read()) is None:
                    readiness.unregister(descriptor)
                    room.clients.pop(descriptor).socket.close()
                    continue
                room.take(client, frames)
            room.end_of_turn()


if __name__ == "__main__":
    serve(int(sys.argv[1]), together=sys.argv[2] == "together")
