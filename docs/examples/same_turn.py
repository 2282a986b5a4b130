"""Who hears what is said, if somebody joins and somebody leaves in the same turn."""

from lab import simulation, start


async def main() -> None:
    """Let Alice talk; in the same turn Bob leaves, and Cleo joins."""
    async with await start("09") as server:
        alice, bob, cleo = [
            await server.connect(name) for name in ("alice", "bob", "cleo")
        ]
        await alice.join("tea")
        await bob.join("tea")
        # Nothing here waits: the server finds all three when it has its turn.
        await alice.say("tea", "hello")
        await bob.send({"action": "leaveroom", "room": "tea"})
        await cleo.send({"action": "joinroom", "room": "tea"})
        await alice.hear("leaveroom")
        while (await alice.hear("joinroom"))["from"] != "cleo":
            pass
        for client in (bob, cleo):
            heard = [f"{m['action']} by {m['from']}" for m in client.heard]
            print(f"{client.name} has heard:", ", ".join(heard))


simulation.run(main())
