"""The server answers the door.

New: start_server calls client_connected for each connection, in a task of its own.
Still wrong: it hears bytes, not messages.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter

CHUNK = 1024  # bytes taken off the stream at a time: any number would do


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
    """Print what one client sends, until it has no more to say."""
    try:
        print("New client connected!", flush=True)
        while data := await reader.read(CHUNK):
            print(f"Heard {data!r}", flush=True)
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
