"""Draws how Mallory takes Alice's name in step 13 as soon as it is free."""

from lab import Client, Sequence, simulation, start


async def under_her_name() -> Sequence:
    """Let Alice leave, and Mallory connect."""
    async with await start("13") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await bob.join("tea")
        await alice.join("tea")
        await alice.close()
        await bob.hear("leaveroom")
        mallory = Client("mallory", await server.call())
        await mallory.send({"action": "connect", "username": "alice"})
        await mallory.send({"action": "joinroom", "room": "tea"})
        await mallory.hear("joinroom")
        await mallory.say("tea", "Send it to me")
        await bob.hear("chat")
        return Sequence.of(alice, bob, mallory)


if __name__ == "__main__":
    print(simulation.run(under_her_name()).svg())
