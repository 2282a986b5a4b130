"""Wrong on purpose: It stops accepting and waits, and leaves its clients connected.

Run as a program, it shows how it ends on this Python.
"""

import asyncio
from asyncio import StreamReader, StreamWriter


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen until cancelled, then close the server and wait until that is done."""
    server = await asyncio.start_server(client_connected, host, port)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"Listening on {host}:{port}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        await server.wait_closed()


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Send everything back, to the end."""
    print("New client connected!", flush=True)
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()
        print("Client gone.", flush=True)


if __name__ == "__main__":
    from lab.commands.versions import show

    show("s07_goodbye/closes_and_waits")
