"""Prints what happens in each turn of the event loop."""

import asyncio

from lab import simulation

TURNS: list[list[str]] = []  # what happened in each


def begin_a_turn() -> None:
    """Note that a turn begins, and ask to be first in the next one."""
    TURNS.append([])
    asyncio.get_running_loop().call_soon(begin_a_turn)


async def talk(name: str) -> None:
    """Say two things, have each sent soon, and pause after each."""
    for number in (1, 2):
        TURNS[-1].append(f"{name} says {number}")
        asyncio.get_running_loop().call_soon(send, f"{name} {number}")
        await asyncio.sleep(0)


def send(what: str) -> None:
    """Note that a message is sent."""
    TURNS[-1].append(f"send {what}")


async def main() -> None:
    """Let two tasks talk, and print each turn."""
    begin_a_turn()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk("alice"))
        tasks.create_task(talk("bob"))


simulation.run(main())
for number, done in enumerate(filter(None, TURNS), 1):
    print(f"turn {number}:", "; ".join(done))
