"""Lists the calls between the bytes of a message and the function that parses it."""

import sys
import textwrap
from typing import Any

from lab import simulation, start

STEPS = "server09", "server09_protocol"
FIRST, LAST = "data_received", "parse"  # with these it begins and ends


class Watch:
    """Notes every Python function that is called, turn by turn of the loop."""

    def __init__(self) -> None:
        self.turns: list[list[str]] = []

    def __call__(self, frame: Any, event: str, _: object) -> None:
        """Note a function that Python calls or continues."""
        name = frame.f_code.co_name
        if event != "call" or "network" in frame.f_globals["__name__"]:
            return
        if name == "_run_once" and self.turns:  # here the loop begins a turn
            self.turns.append([])
        elif name == FIRST or self.turns:
            self.turns = self.turns or [[]]
            self.turns[-1].append(frame.f_code.co_qualname)
        if name == LAST:
            sys.setprofile(None)


async def calls(step: str) -> list[list[str]]:
    """Return the names of the functions called for one message, turn by turn."""
    async with await start(step) as server:
        alice = await server.connect("alice")
        await alice.join("tea")
        watch = Watch()
        sys.setprofile(watch)
        await alice.say("tea", "hello")
        await alice.join("tea")
        return watch.turns


def main() -> None:
    """Watch both."""
    counts = []
    for step in STEPS:
        turns = simulation.run(calls(step), debug=False)
        counts.append(sum(map(len, turns)))
        print(f"{step}: {counts[-1]} calls")
        for number, turn in enumerate(turns, 1):
            words = f"turn {number}: {', '.join(turn)}"
            print(textwrap.indent(textwrap.fill(words, 76), "  "))
    assert counts[0] > 2 * counts[1], "the protocol does not save half of the calls"


if __name__ == "__main__":
    main()
