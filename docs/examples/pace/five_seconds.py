"""Lets Bob say a hundred lines at step 12 while Ann talks, in two ways."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lab import simulation, start, story
from lab.client import Client, connect
from lab.host import load
from lab.wire import Message, encode

Address = tuple[str, int]

JOIN: Message = {"action": "joinroom", "room": "tea"}
LINES = [{"action": "chat", "room": "tea", "message": f"line {n}"} for n in range(100)]

Pace: Any = load(story.find("pace")).Pace


async def all_at_once(address: Address) -> str:
    """Send everything, end the stream, and close after five seconds."""
    bob = await connect(address, "bob")
    await bob.connection.send(b"".join(map(encode, [JOIN, *LINES])))
    bob.connection.finish()
    await asyncio.sleep(5)
    await bob.close()
    return "nothing"


async def in_step(address: Address) -> str:
    """Send what the server reads, and wait until it hangs up."""
    pace = Pace(*await asyncio.open_connection(*address))
    await pace.send({"action": "connect", "username": "bob"})
    hearing = asyncio.create_task(hear(pace))
    for message in (JOIN, *LINES):
        await pace.say(message)
    await pace.finish()
    await hearing
    return " ".join(pace.losses()) or "that all has been read"


async def hear(pace: Any) -> None:
    """Take what the others say."""
    async for _ in pace.hear():
        pass


async def talk(ann: Client) -> None:
    """Say something every half second."""
    while True:
        await ann.say("tea", "hm")
        await asyncio.sleep(0.5)


async def main(way: Callable[[Address], Awaitable[str]]) -> None:
    """Let Bob speak in this way, and print what Ann has heard."""
    async with await start("12") as server:
        ann = await server.connect("ann", timeout=60)
        await ann.join("tea")
        talking = asyncio.create_task(talk(ann))
        begin = asyncio.get_running_loop().time()
        knows = await way(server.address)
        seconds = asyncio.get_running_loop().time() - begin
        await ann.hear("leaveroom")
        talking.cancel()
        heard = sum(message["action"] == "chat" for message in ann.heard)
    words = f"Ann hears {heard:3} of {len(LINES)}. Bob knows {knows}"
    print(f"{way.__name__:12}{words}, after {seconds:.1f} s.")


for way in (all_at_once, in_step):
    simulation.run(main(way))
