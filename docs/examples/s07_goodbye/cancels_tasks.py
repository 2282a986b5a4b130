"""Wrong on purpose: It cancels its clients' tasks.

Run as a program, it shows how it ends on this Python.
"""

import asyncio
from asyncio import StreamReader, StreamWriter

TASKS: set[asyncio.Task[None]] = set()


async def main(host: str = "127.0.0.1", port: int = 9011) -> None:
    """Listen until cancelled, then cancel the client tasks and wait for them."""
    server = await asyncio.start_server(client_connected, host, port)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"Listening on {host}:{port}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        for task in TASKS:
            task.cancel()
        await asyncio.gather(*TASKS, return_exceptions=True)
        await server.wait_closed()


async def client_connected(reader: StreamReader, writer: StreamWriter) -> None:
    """Send everything back, to the end, and note the task in the meantime."""
    task = asyncio.current_task()
    assert task is not None, "start_server makes a task for each connection"
    TASKS.add(task)
    print("New client connected!", flush=True)
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()
        TASKS.discard(task)
        print("Client gone.", flush=True)


if __name__ == "__main__":
    from lab.commands.versions import show

    show("s07_goodbye/cancels_tasks")
