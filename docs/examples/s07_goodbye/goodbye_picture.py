"""Draws what two clients get from step 07 when it is stopped while one talks."""

from lab import Sequence, simulation, start
from lab.network import Faults


async def main() -> None:
    """Let Alice talk, and cancel main in the middle of it."""
    async with await start("07") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        await alice.hear("joinroom")
        await alice.say("tea", "one")
        await bob.hear("chat")
        server.main.cancel()
        await alice.say("tea", "two")
        await alice.hear_the_end()
        await bob.hear_the_end()
        print(Sequence.of(alice, bob).svg())


simulation.run(main(), faults=Faults(latency=0.01))
