"""Wrong on purpose: Nothing closes the writer when the client is gone.

Run as a program, it shows how it ends on this Python.
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
    """Read to the end, and forget the writer."""
    print("New client connected!", flush=True)
    while await reader.read(65536):
        pass
    print("Client gone.", flush=True)


if __name__ == "__main__":
    from lab.commands.versions import show

    show("s07_goodbye/never_closes")
