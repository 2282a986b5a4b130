"""The seed's own sketch of step 03, kept as it is described there.

``new_messages`` and ``send_message`` are the seed's, word for word; ``Dict``, which it
forgot to import, is imported here. ``client_connected`` is made of its description:
nested handlers, a dictionary of them, ``async for``, look up and call. What is ours:
``main`` takes a host and a port, so that it can be started anywhere. The seed does not
say what the handlers print; here they print what they were sent.
"""

import asyncio
import json
from asyncio import (
    CancelledError,
    IncompleteReadError,
    StreamReader,
    StreamWriter,
)
from typing import AsyncGenerator, Dict  # noqa: UP035 - the seed's


async def new_messages(reader: StreamReader) -> AsyncGenerator[Dict, None]:  # noqa: UP006 - the seed's
    try:
        while True:
            size_prefix = await reader.readexactly(3)
            size = int.from_bytes(size_prefix, byteorder="little")
            message = await reader.readexactly(size)
            try:
                yield json.loads(message)
            except json.decoder.JSONDecodeError:
                continue
    except (
        IncompleteReadError,
        ConnectionAbortedError,
        ConnectionResetError,
        CancelledError,
    ):
        # The connection is dead, leave.
        return


async def send_message(writer: StreamWriter, message: Dict):  # noqa: UP006 - the seed's
    payload = json.dumps(message).encode()
    size_prefix = len(payload).to_bytes(3, byteorder="little")
    writer.write(size_prefix)
    writer.write(payload)
    await writer.drain()


async def main(host="127.0.0.1", port=9011):
    server = await asyncio.start_server(client_connected, host, port)
    async with server:
        await server.serve_forever()


async def client_connected(reader: StreamReader, writer: StreamWriter):
    def connect(message):
        print("connect", message)

    def joinroom(message):
        print("joinroom", message)

    def leaveroom(message):
        print("leaveroom", message)

    def chat(message):
        print("chat", message)

    handlers = {
        "connect": connect,
        "joinroom": joinroom,
        "leaveroom": leaveroom,
        "chat": chat,
    }

    print("New client connected!")
    async for message in new_messages(reader):
        action = message.get("action")
        if not action:
            continue
        handler = handlers.get(action)
        if not handler:
            continue
        handler(message)


if __name__ == "__main__":
    asyncio.run(main())
