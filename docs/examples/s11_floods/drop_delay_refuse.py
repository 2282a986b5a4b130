"""Three answers to messages that come too fast: delay, discard or refuse them."""

import asyncio
from typing import Any

from lab import simulation, start
from lab.wire import encode

MANY = 100  # messages, pasted at once
SECONDS = 30
CHAT = {"action": "chat", "room": "tea"}


def changed(module: Any, way: str) -> None:
    """Let step 11 discard or refuse the messages that it would delay."""
    buckets: dict[Any, Any] = {}
    handle = module.Client.chat

    def chat(client: Any, message: dict[str, Any]) -> None:
        bucket = buckets.setdefault(client, module.Bucket())
        if bucket.take(asyncio.get_running_loop().time()) == 0.0:
            handle(client, message)
            return
        bucket.tokens += 1  # put the token back
        if way == "refuse":
            raise module.Refused("too_fast")

    async def wait_for(*_: object) -> None:
        """Wait for nothing."""

    module.Client.chat, module.Client.wait_for = chat, wait_for


async def main(way: str) -> str:
    """Let Alice paste a hundred lines; count what Bob and she receive."""
    async with await start("11") as server:
        if way != "delay":
            changed(server.module, way)
        alice, bob = [await server.connect(name) for name in ("alice", "bob")]
        await bob.join("tea")
        await alice.join("tea")
        await asyncio.sleep(5)
        text = [{**CHAT, "message": f"{number}"} for number in range(MANY)]
        await alice.connection.send(b"".join(map(encode, text)))
        heard, last = 0, 0
        for second in range(1, SECONDS):
            await asyncio.sleep(1)
            before, heard = heard, sum(m["action"] == "chat" for m in bob.heard)
            last = second if heard > before else last
        errors = sum(message["action"] == "error" for message in alice.heard)
        gone = any(message["action"] == "leaveroom" for message in bob.heard)
    where = "disconnected" if gone else "still connected"
    return f"{heard:10}{last:8} s{errors:16}   {where}"


print(f"{'':10}{'Bob gets':>10}{'in about':>10}{'errors to Alice':>16}   Alice is")
for way in ("delay", "discard", "refuse"):
    print(f"{way:10}{simulation.run(main(way))}")
