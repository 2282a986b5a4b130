"""Lets Bob say a hundred lines at step 12 while Alice talks, in two ways."""

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
    """Send everything without a pause, end the stream, and close five seconds later."""
    bob = await connect(address, "bob")
    await bob.connection.send(b"".join(map(encode, [JOIN, *LINES])))
    bob.connection.finish()
    await asyncio.sleep(5)
    await bob.close()
    return "nothing"


async def in_step(address: Address) -> str:
    """Send as fast as the server reads, and wait until it closes."""
    pace = Pace(*await asyncio.open_connection(*address))
    await pace.send({"action": "connect", "username": "bob"})
    hearing = asyncio.create_task(hear(pace))
    for message in (JOIN, *LINES):
        await pace.say(message)
    await pace.finish()
    await hearing
    return " ".join(pace.losses()) or "that all were read"


async def hear(pace: Any) -> None:
    """Read everything that arrives."""
    async for _ in pace.hear():
        pass


async def talk(alice: Client) -> None:
    """Say something every half second."""
    while True:
        await alice.say("tea", "hm")
        await asyncio.sleep(0.5)


async def main(way: Callable[[Address], Awaitable[str]]) -> None:
    """Let Bob speak in this way, and print how many lines reached Alice."""
    async with await start("12") as server:
        alice = await server.connect("alice", timeout=60)
        await alice.join("tea")
        talking = asyncio.create_task(talk(alice))
        begin = asyncio.get_running_loop().time()
        knows = await way(server.address)
        seconds = asyncio.get_running_loop().time() - begin
        await alice.hear("leaveroom")
        talking.cancel()
        heard = sum(message["action"] == "chat" for message in alice.heard)
    words = f"Alice gets {heard:3} of {len(LINES)} lines. Bob learns {knows}"
    print(f"{way.__name__:12}{words}, after {seconds:.1f} s.")
    assert (heard < len(LINES)) == (way is all_at_once), "the page says otherwise"


for way in (all_at_once, in_step):
    simulation.run(main(way))
