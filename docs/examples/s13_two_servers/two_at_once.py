"""Two servers of one step in one process: their members, and the end of one."""

import asyncio
import sys

from lab import simulation, start


async def main(step: str) -> None:
    """Start two, let an Alice join each, and stop the first one."""
    first = await start(step)
    second = await first.another()
    async with first, second:
        alice = await first.connect("alice")
        print("on the first: ", (await alice.join("tea"))["members"])
        other = await second.connect("alice")
        await other.send({"action": "joinroom", "room": "tea"})
        answer = await other.hear()
        print("on the second:", answer.get("members") or answer["code"])
        first.main.cancel()
        await asyncio.wait({first.main})
        last = other.heard[-1]["action"]
        print("the first stops; the last message on the second:", last)


if __name__ == "__main__":
    for number in sys.argv[1:] or ("12", "13"):
        print(f"step {number}")
        simulation.run(main(number))
