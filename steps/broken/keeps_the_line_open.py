"""Wrong on purpose: remembers every connection and closes none.

Twin of: server02
Breaks: the_server_hangs_up_on_who_has_finished
"""

import asyncio
from asyncio import StreamReader, StreamWriter

WRITERS = []  # all who ever came

CHUNK = 1024  # bytes taken off the stream at a time: any number would do


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen on host and port until cancelled; port 0 takes a free one."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        # Ask the socket: whoever wants port 0 has to be told which one it became.
        host, port = server.sockets[0].getsockname()[:2]
        print(f"Listening on {host}:{port}", flush=True)
        await server.serve_forever()
        # -- never comes here: to stop the server is to cancel main --


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Print what one client sends, until it has no more to say."""
    print("New client connected!", flush=True)
    WRITERS.append(writer)
    while data := await reader.read(CHUNK):
        print(f"Heard {data!r}", flush=True)
    print("Client gone.", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done
