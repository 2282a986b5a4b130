"""Where the bytes wait that Alice sends to steps 10 and 11 as fast as she can."""

import asyncio
from typing import Any

from lab import simulation, start
from lab.wire import encode

SECONDS = 5
CHAT = encode({"action": "chat", "room": "tea", "message": "x" * 970})
MANY = 20_000  # messages: 20 MB
KIB = 1024


async def main(step: str) -> dict[str, str]:
    """Let Alice talk for five seconds, and return where her bytes are."""
    loop: Any = asyncio.get_running_loop()  # the simulation's
    async with await start(step) as server:
        bob = await server.connect("bob")
        await bob.join("tea")
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(encode({"action": "connect", "username": "alice"}))
        writer.write(encode({"action": "joinroom", "room": "tea"}))
        await bob.hear("joinroom")
        sent: list[int] = []
        sending = asyncio.create_task(talk(writer, sent))
        await asyncio.sleep(SECONDS)
        kept = writer.transport.get_write_buffer_size()
        far = loop.network.facing(writer.get_extra_info("sockname"))
        theirs = next(c for c in server.module.CLIENTS if c.name == "alice")
        reading = theirs.writer.transport.is_reading()
        handled = len(CHAT) * sum(m["action"] == "chat" for m in bob.heard)
        line = far.peer.on_the_way
        where = {
            "written by her program": sum(sent),
            "of that: in her buffer": kept,
            "on the way": line,
            "in the server, unread": sum(sent) - kept - line - handled,
            "handled": handled,
        }
        sending.cancel()
        writer.close()
    told = {name: f"{size / KIB:,.0f} KiB" for name, size in where.items()}
    return told | {"does the server read from her?": "yes" if reading else "no"}


async def talk(writer: asyncio.StreamWriter, sent: list[int]) -> None:
    """Write one message after another, and wait in drain."""
    for _ in range(MANY):
        writer.write(CHAT)
        sent.append(len(CHAT))
        await writer.drain()


steps = {step: simulation.run(main(step)) for step in ("10", "11")}
print(f"{f'after {SECONDS} s':32}{'step 10':>12}{'step 11':>12}")
for name in steps["10"]:
    print(f"{name:32}{steps['10'][name]:>12}{steps['11'][name]:>12}")
