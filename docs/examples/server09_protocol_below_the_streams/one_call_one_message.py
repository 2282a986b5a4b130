"""Wrong on purpose: it takes the bytes of one call for one message."""

import asyncio
import json

from lab import simulation
from lab.wire import encode

HEADER = 3  # bytes


class Listener(asyncio.Protocol):
    """Print each message that arrives."""

    def data_received(self, data: bytes) -> None:
        """Cut off the header and parse the rest."""
        payload = data[HEADER:]
        try:
            print("got:", json.loads(payload))
        except json.JSONDecodeError as error:
            print("not a message:", error)


async def main() -> None:
    """Send a message, then two without a pause, then one in two halves."""
    first, second = (encode({"action": "chat", "message": m}) for m in ("one", "two"))
    sent = {
        "a message": first,
        "two at once": first + second,
        "a first half": first[:20],
        "a second half": first[20:],
    }
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Listener, "127.0.0.1", 9011):
        _, writer = await asyncio.open_connection("127.0.0.1", 9011)
        for name, data in sent.items():
            print(f"sent: {name:15}", end="")
            writer.write(data)
            await asyncio.sleep(1)
        writer.close()
        await writer.wait_closed()


simulation.run(main())
