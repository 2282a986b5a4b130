"""Mallory connects to step 07 with Alice's name, and talks."""

from lab import simulation, start


async def main() -> None:
    """Let two clients connect as alice, and the second one talk to Bob."""
    async with await start("07") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        mallory = await server.connect("alice")
        await mallory.join("tea")
        await mallory.say("tea", "I do not like Bob.")
        print("Bob gets:", await bob.hear("chat"))
        print("Alice gets:", await alice.hear("chat"))


simulation.run(main())
