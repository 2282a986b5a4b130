"""The server answers the door.

New: start_server calls client_connected in a new task for each connection.
Still wrong: it receives bytes, not messages.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter

CHUNK = 1024  # bytes to read at a time: any number would do


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
    """Print the bytes that one client sends, until it ends its stream."""
    try:
        print("New client connected!", flush=True)
        while data := await reader.read(CHUNK):
            print(f"Heard {data!r}", flush=True)
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
