"""Wrong on purpose: Nobody closes the writer, although the client has gone.

As a program it shows what becomes of it on this Python.
"""

import asyncio
from asyncio import StreamReader, StreamWriter


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen until cancelled, as the steps before 07 do."""
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"Listening on {host}:{port}", flush=True)
        await server.serve_forever()


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Hear what comes, to the end, and forget about the writer."""
    print("New client connected!", flush=True)
    while await reader.read(65536):
        pass
    print("Client gone.", flush=True)


if __name__ == "__main__":
    from lab.commands.versions import show

    show("s07_goodbye/never_closes")
