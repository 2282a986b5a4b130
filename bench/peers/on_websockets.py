"""A room on the ``websockets`` library, with the ``broadcast`` that it recommends.

Does what step 05 does with ``connect``, ``joinroom`` and ``chat``, except that nobody
is told of a newcomer.
"""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

BACKLOG = 4096  # connections that may wait to be accepted

ROOMS: dict[str, set[ServerConnection]] = {}


async def attend(client: ServerConnection) -> None:
    """Do what one client asks for, until it has no more to say."""
    name, rooms = None, set()
    try:
        async for frame in client:
            message = json.loads(frame)
            room = message.get("room")
            if message["action"] == "chat":
                relay = {"action": "chat", "room": room, "message": message["message"]}
                text = json.dumps({**relay, "from": name})
                broadcast(ROOMS[room] - {client}, text)
            elif message["action"] == "joinroom":
                ROOMS.setdefault(room, set()).add(client)
                rooms.add(room)
                await client.send(json.dumps({**message, "from": name}))
            elif message["action"] == "connect":
                name = message["username"]
    except ConnectionClosed:
        pass  # without the goodbye of the protocol: that is how the generator leaves
    finally:
        for room in rooms:
            ROOMS[room].discard(client)


async def main(port: int) -> None:
    """Listen on a port of this machine until cancelled."""
    async with serve(
        attend,
        "127.0.0.1",
        port,
        compression=None,
        ping_interval=None,
        backlog=BACKLOG,
    ) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
