"""The server understands what a message asks for.

New: async for takes the messages as they come; a dictionary finds the handler.
Still wrong: nobody gets an answer, and nothing is remembered.
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
            # Ask the socket: whoever wants port 0 has to be told which one it became.
            host, port = listening.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host  # IPv6, as URLs have it
            print(f"Listening on {host}:{port}", flush=True)
        await server.serve_forever()
        # -- never comes here: to stop the server is to cancel main --


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Print what one client asks for, until it has no more to say."""

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
        # Nobody else will: without this the connection stays half open.
        writer.close()
        print("Client gone.", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done
    except OSError as error:
        sys.exit(f"Cannot serve: {error}")
