"""What the notebook about the simulation plays: a coroutine function for each scene.

A notebook's cells define nothing, so they stand here, and the notebook prints them.
``simulation.run`` gives each of them a loop and a network of its own.
"""

import asyncio

from lab import Client, Sequence, Timeline, start
from lab.network import link_of
from lab.wire import encode


async def a_day() -> None:
    """Ask the loop what time it is, sleep for a day, and ask again."""
    loop = asyncio.get_running_loop()
    print(f"before: {loop.time():.0f} s")
    await asyncio.sleep(24 * 60 * 60)
    print(f"after:  {loop.time():.0f} s")


async def tea() -> Sequence:
    """Let Alice talk to Bob on step 05, print how long it takes, and draw it."""
    loop = asyncio.get_running_loop()
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        for text in ("More tea?", "With milk?", "Or with lemon?"):
            said = loop.time()
            await alice.say("tea", text)
            heard = await bob.hear("chat")
            print(f"Bob hears {heard['message']!r} after {loop.time() - said:.3f} s")
            await asyncio.sleep(1)
    return Sequence.of(alice, bob)


async def tea_in_tasks() -> Timeline:
    """Play the same once more, and record what the tasks do."""
    with Timeline() as timeline:
        await tea()
    return timeline


async def a_sentence() -> None:
    """Say something to step 02, and print in which pieces it hears that."""
    async with await start("02") as server:
        visitor = await server.call()
        await visitor.send(b"More tea? With milk, or with lemon?")
        visitor.finish()
        await server.prints("Client gone.")
        heard = server.printed().splitlines()
        print(*(line for line in heard if line.startswith("Heard")), sep="\n")


async def a_full_room(step: str, talkers: int, each: int) -> None:
    """Let so many say so much, all at once, to 20 listeners; print the sends for it."""
    async with await start(step) as server:
        listening = [await server.connect(f"listener {n}") for n in range(20)]
        talking = [await server.connect(f"talker {n}") for n in range(talkers)]
        for client in listening + talking:
            await client.join("tea")
        before = _sends(listening)
        for talker in talking:
            chat = {"action": "chat", "room": "tea", "message": "hello"}
            await talker.connection.send(encode(chat) * each)
        for client in listening:
            for _ in range(talkers * each):
                await client.hear("chat")
        sends = _sends(listening) - before
    said, heard = talkers * each, talkers * each * len(listening)
    print(f"step {step}: {said} said, {heard} heard, {sends} sends")


def _sends(clients: list[Client]) -> int:
    network = asyncio.get_running_loop().network
    return sum(network.facing(c.connection.address).sends for c in clients)


async def the_same_turn(step: str) -> None:
    """Let Alice say hello, Bob leave and Cleo join, all in one turn of the loop."""
    async with await start(step) as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        cleo = await server.connect("cleo")
        await alice.join("tea")
        await bob.join("tea")
        await alice.say("tea", "hello")
        await bob.send({"action": "leaveroom", "room": "tea"})
        await cleo.join("tea")
        await bob.hear("leaveroom")
        for client in (bob, cleo):
            print(client.name, "has heard:", *(m["action"] for m in client.heard))


async def an_hour_alone() -> None:
    """Let Bob's line go dead, wait for an hour, and see what the others know."""
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        link_of(bob.connection.socket).die()
        await asyncio.sleep(60 * 60)
        print("Alice has heard:", *(message["action"] for message in alice.heard))
        cleo = await server.connect("cleo")
        answer = await cleo.join("tea")
        print("Cleo is told who is there:", sorted(answer["members"]))
