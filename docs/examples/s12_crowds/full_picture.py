"""Draws what step 12 sends to a client when it is full, here with two admitted."""

import asyncio

from lab import Client, Sequence, simulation, start


async def a_refusal() -> Sequence:
    """Let Cleo connect too early, and once more after Bob left."""
    async with await start("12", settings={"MAX_CLIENTS": "2"}) as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        for client in (alice, bob):
            await client.join("tea")
        cleo = await server.connect("cleo")
        await cleo.hear_the_end()
        await bob.close()
        await alice.hear("leaveroom")
        again = Client("cleo, again", await server.call())
        await again.send({"action": "connect", "username": "cleo"})
        await again.send({"action": "joinroom", "room": "tea"})
        await asyncio.sleep(1)
        return Sequence.of(alice, cleo, again)


if __name__ == "__main__":
    print(simulation.run(a_refusal()).svg())
