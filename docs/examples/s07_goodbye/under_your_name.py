"""Somebody comes to step 07 under a name that is taken, and speaks."""

from lab import simulation, start


async def main() -> None:
    """Let two clients call themselves alice, and one of them speak to Bob."""
    async with await start("07") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        somebody = await server.connect("alice")
        await somebody.join("tea")
        await somebody.say("tea", "I do not like Bob.")
        print("Bob hears:", await bob.hear("chat"))
        print("Alice hears:", await alice.hear("chat"))


simulation.run(main())
