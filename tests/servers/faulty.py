"""A server that makes one mistake, again and again: the benchmark has to notice it.

It speaks the book's protocol as far as the benchmark does. Most deliveries are right;
every so many there is one that is lost, that comes twice, and so on.
"""

import asyncio
import json
import sys
from asyncio import StreamReader, StreamWriter

from utils01 import new_messages

FAULT = "none"  # or loses, doubles, reorders, changes, hangs_up, errs, complains
EVERY = 5  # deliveries to one member: the last of so many is wrong
VICTIM = ""  # the only member to whom it makes mistakes; everybody, if it is empty

MEMBERS: set["Member"] = set()
COUNTS: dict[str, int] = {}  # deliveries so far, by name


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(serve_client, host, port)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"Listening on {host}:{port}", flush=True)
        await server.serve_forever()


async def serve_client(reader: StreamReader, writer: StreamWriter) -> None:
    """Do what one member asks for."""
    member = Member(writer)
    try:
        async for message in new_messages(reader):
            if message["action"] == "connect":
                member.name = message["username"]
                continue
            frame = framed({**message, "from": member.name})
            if message["action"] == "joinroom":
                MEMBERS.add(member)
                writer.write(frame)
            for other in MEMBERS - {member} if message["action"] == "chat" else ():
                other.deliver(frame)
    finally:
        MEMBERS.discard(member)
        writer.close()


class Member:
    """One connection, and what was kept back from it."""

    def __init__(self, writer: StreamWriter) -> None:
        self.write = writer.write
        self.close = writer.close
        self.name = ""
        self.kept = b""

    def deliver(self, frame: bytes) -> None:
        """Send a frame, or do what this server does wrong."""
        COUNTS[self.name] = count = COUNTS.get(self.name, 0) + 1
        frame, self.kept = frame + self.kept, b""
        if count % EVERY or VICTIM not in ("", self.name):
            self.write(frame)
        else:
            getattr(self, FAULT)(frame)

    def none(self, frame: bytes) -> None:
        self.write(frame)

    def loses(self, frame: bytes) -> None:
        pass

    def doubles(self, frame: bytes) -> None:
        self.write(frame + frame)

    def reorders(self, frame: bytes) -> None:
        self.kept = frame

    def changes(self, frame: bytes) -> None:
        self.write(frame.replace(b"xx", b"xy", 1))

    def hangs_up(self, frame: bytes) -> None:
        self.close()

    def errs(self, frame: bytes) -> None:
        self.write(framed({"action": "error", "code": "too-fast"}) + frame)

    def complains(self, frame: bytes) -> None:
        print("out of luck", file=sys.stderr, flush=True)
        self.write(frame)


def framed(message: dict[str, str]) -> bytes:
    """Return the frame that carries a message."""
    payload = json.dumps(message).encode()
    return len(payload).to_bytes(3, "little") + payload


if __name__ == "__main__":
    asyncio.run(main())
