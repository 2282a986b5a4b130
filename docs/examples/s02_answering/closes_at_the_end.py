"""Wrong on purpose: It closes the writer at the end, but not if it fails earlier.

As a program it shows what happens to a client on this Python.
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
    """Read numbers until the client ends; ValueError for anything else."""
    print("New client connected!", flush=True)
    while data := await reader.read(65536):
        print(int(data), flush=True)
    writer.close()


if __name__ == "__main__":
    from lab.commands.versions import show

    show("s02_answering/closes_at_the_end")
