"""How long step 09 keeps a client that sends nothing, in a simulation."""

import asyncio
from typing import Any

from lab import Client, simulation, start
from lab.wire import encode

HOUR = 60 * 60  # seconds
NAME = encode({"action": "connect", "username": "dora"})
JOIN = encode({"action": "joinroom", "room": "tea"})
SENDS = {  # for each kind of silence: the bytes that Dora sends before it
    "never says connect": b"",
    "starts a frame and stops": NAME + JOIN + JOIN[:9],
    "reads nothing": NAME + JOIN,
    "loses her network": NAME + JOIN,
    "is connected and idle": b"",
}


async def stays(step: str, what: str) -> str:
    """Let Dora be silent in one way for an hour, and say how long she stayed."""
    async with await start(step, settings={"GOODBYE": "0.5"}) as server:
        alice: Client = await server.connect("alice")
        await alice.join("tea")
        if SENDS[what] or what == "never says connect":
            dora = await server.call()
            await dora.send(SENDS[what])
        else:
            dora = (await server.connect("dora")).connection
        await asyncio.sleep(1)
        if what == "reads nothing":
            for _ in range(16):
                await alice.say("tea", "x" * 30_000)
        if what == "loses her network":
            loop: Any = asyncio.get_running_loop()  # the simulation's
            loop.network.cut(dora.address)
        theirs = next(c for c in server.module.CLIENTS if c.name != "alice")
        begin = asyncio.get_running_loop().time()
        done, _ = await asyncio.wait({theirs.task}, timeout=HOUR)
        took = asyncio.get_running_loop().time() - begin
        return f"{took:.0f} s" if done else "more than an hour"


def main(*steps: str) -> None:
    """Print a row for each kind of silence."""
    print(row("Dora ...", *(f"step {step}" for step in steps)))
    for what in SENDS:
        print(row(what, *(simulation.run(stays(step, what)) for step in steps)))


def row(first: str, *others: str) -> str:
    """Return a row of the table."""
    return f"{first:30}{''.join(f'{other:24}' for other in others)}".rstrip()


if __name__ == "__main__":
    main("09")
