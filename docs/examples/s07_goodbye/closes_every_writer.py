"""Wrong on purpose: It closes each writer and waits for clients that may never read.

Run as a program, it shows how it ends on this Python.
"""

import asyncio
from asyncio import StreamReader, StreamWriter

CLIENTS: dict[asyncio.Task[None], StreamWriter] = {}


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen until cancelled, then close every writer and wait for the tasks."""
    server = await asyncio.start_server(client_connected, host, port)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"Listening on {host}:{port}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        for writer in CLIENTS.values():
            writer.close()
        if CLIENTS:
            await asyncio.wait(CLIENTS)
        await server.wait_closed()


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Send everything back, to the end, and note the task in the meantime."""
    task = asyncio.current_task()
    assert task is not None, "start_server makes a task for each connection"
    CLIENTS[task] = writer
    print("New client connected!", flush=True)
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()
        del CLIENTS[task]
        print("Client gone.", flush=True)


if __name__ == "__main__":
    from lab.commands.versions import show

    show("s07_goodbye/closes_every_writer")
