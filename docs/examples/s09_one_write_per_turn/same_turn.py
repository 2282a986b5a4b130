"""Shows who gets a message if one client leaves and one joins in the same turn."""

from lab import simulation, start


async def the_same_turn(step: str) -> None:
    """Let Alice talk; in the same turn Bob leaves, and Cleo joins."""
    async with await start(step) as server:
        names = "alice", "bob", "cleo"
        alice, bob, cleo = [await server.connect(name) for name in names]
        await alice.join("tea")
        await bob.join("tea")
        # Nothing here waits: the server gets all three in the same turn.
        await alice.say("tea", "hello")
        await bob.send({"action": "leaveroom", "room": "tea"})
        await cleo.send({"action": "joinroom", "room": "tea"})
        while (await alice.hear("joinroom"))["from"] != "cleo":
            pass
        for client in (bob, cleo):
            heard = [f"{m['action']} by {m['from']}" for m in client.heard]
            print(f"{client.name} received:", ", ".join(heard))


if __name__ == "__main__":
    simulation.run(the_same_turn("09"))
