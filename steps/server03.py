"""The server understands messages.

New: async for takes messages as they arrive; a dictionary finds the handler.
Still wrong: it never answers and remembers nothing.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from typing import Any

from utils01 import new_messages


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        for listening in server.sockets:
            # Ask the socket: if we asked for port 0, only it knows the port.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, in brackets as in a URL
            print(f"Listening on {host}:{port}", flush=True)
        await server.serve_forever()
        # -- never reached: you stop the server by cancelling main --


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Print the requests of one client, until it ends its stream."""

    def connect(message: dict[str, Any]) -> None:
        print(f"connect: {message.get('username')!a}", flush=True)

    def joinroom(message: dict[str, Any]) -> None:
        print(f"joinroom: {message.get('room')!a}", flush=True)

    def leaveroom(message: dict[str, Any]) -> None:
        print(f"leaveroom: {message.get('room')!a}", flush=True)

    def chat(message: dict[str, Any]) -> None:
        room, text = message.get("room"), message.get("message")
        print(f"chat: {text!a} in {room!a}", flush=True)

    handlers = {
        "connect": connect,
        "joinroom": joinroom,
        "leaveroom": leaveroom,
        "chat": chat,
    }

    try:
        print("New client connected!", flush=True)
        async for message in new_messages(reader):
            action = message.get("action")
            if not action:
                continue
            handler = handlers.get(action)
            if not handler:
                continue
            handler(message)
    finally:
        # Nothing else closes it: without this, the connection stays half open.
        writer.close()
        print("Client gone.", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run cancelled main and waited for it: nothing is left to do
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
