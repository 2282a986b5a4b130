"""How much Alice can send to steps 10 and 11 over a real network, in two seconds."""

import asyncio

from lab.host import start_process
from lab.wire import encode

SECONDS = 2.0
CHAT = encode({"action": "chat", "room": "tea", "message": "x" * 970})


async def pushed(step: str) -> tuple[float, float]:
    """Send for two seconds, and return how many MB were written in each half."""
    async with await start_process(step) as server:
        alice = await server.connect("alice")
        await alice.join("tea")
        written = [0, 0]
        begin = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    late = asyncio.get_running_loop().time() > begin + SECONDS / 2
                    written[late] += len(CHAT)
                    await alice.connection.send(CHAT)
        except TimeoutError:
            pass
        alice.connection.reset()  # do not wait for data on its way
    return written[0] / 1e6, written[1] / 1e6


for step in ("10", "11"):
    first, second = asyncio.run(pushed(step))
    print(
        f"step {step}: {first:5.1f} MB in the first second, {second:5.1f} in the next"
    )
