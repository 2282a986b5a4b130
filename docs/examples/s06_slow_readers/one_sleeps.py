"""One workload for all designs: three clients read, and one falls asleep.

Run as a program, it plays the workload on step 05 as it is.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from lab import Client, Connection, simulation, start
from lab.host import InLoop
from lab.wire import encode

RATE = 20  # messages per second
SECONDS = 30  # in which Alice talks
AWAKE = 5  # seconds in which Sleepy reads
TEXT = "x" * 8000
FRAME = len(encode({"action": "chat", "room": "tea", "message": TEXT, "from": "alice"}))


@dataclass
class Sample:
    """How much the server buffers at one moment, and how much has arrived."""

    time: float  # seconds since Alice began
    waiting: int  # bytes
    heard: int  # messages that Bob received


@dataclass
class Played:
    """The result of a run."""

    said: int = 0  # messages that Alice managed to send
    bob: int = 0  # messages that he received
    cleo: int = 0  # messages that she received
    tasks: int = 0  # that exist only to send, at the end
    samples: list[Sample] = field(default_factory=list)
    gone: float | None = None  # seconds after which Sleepy was disconnected

    @property
    def peak(self) -> int:
        """The most bytes that waited in the server."""
        return max(sample.waiting for sample in self.samples)


def play(step: str = "05", **changes: Any) -> Played:
    """Play the workload on a step, with these functions and classes replaced."""
    return simulation.run(_played(step, changes))


async def _played(step: str, changes: dict[str, Any]) -> Played:
    played = Played()
    async with await start(step) as server:
        for name, ours in changes.items():
            theirs = getattr(server.module, name)
            if isinstance(ours, type):  # the step's own class, with our methods
                ours = type(name, (ours, theirs), {})
            setattr(server.module, name, ours)
        alice, bob = await server.connect("alice"), await server.connect("bob")
        sleepy, cleo = await server.call(), await server.connect("cleo")
        await alice.join("tea")
        await bob.join("tea")
        await sleepy.send(encode({"action": "connect", "username": "sleepy"}))
        await sleepy.send(encode({"action": "joinroom", "room": "tea"}))
        await bob.hear("joinroom")
        await cleo.join("tea")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_talk(alice, played))
            tasks.create_task(_read_for_a_while(sleepy))
            tasks.create_task(_watch(server, bob, played))
        played.bob, played.cleo = _chats(bob), _chats(cleo)
        coroutines = [task.get_coro() for task in asyncio.all_tasks()]
        names = [getattr(coroutine, "__name__", "") for coroutine in coroutines]
        played.tasks = sum(name.startswith("send") for name in names)
    return played


async def _talk(alice: Client, played: Played) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            for _ in range(RATE * SECONDS):
                await alice.say("tea", TEXT)
                played.said += 1
                await asyncio.sleep(1 / RATE)
    except TimeoutError:
        pass  # she could not send all of it


async def _read_for_a_while(sleepy: Connection) -> None:
    try:
        async with asyncio.timeout(AWAKE):
            while await sleepy.receive():
                pass
    except TimeoutError:
        pass  # and reads no more


async def _watch(server: InLoop, bob: Client, played: Played) -> None:
    """Note twenty times per second how much waits, while Alice talks."""
    began = asyncio.get_running_loop().time()
    for _ in range(RATE * SECONDS):
        await asyncio.sleep(1 / RATE)
        time = asyncio.get_running_loop().time() - began
        room = server.module.ROOMS["tea"]
        waiting = sum(_waiting_for(client) for client in room)
        played.samples.append(Sample(time, waiting, _chats(bob)))
        if played.gone is None and "sleepy" not in {client.name for client in room}:
            played.gone = time


def _waiting_for(client: Any) -> int:
    """Return the bytes in a client's transport, and in its queue, if it has one."""
    waiting: int = client.writer.transport.get_write_buffer_size()
    if hasattr(client, "queue"):
        waiting += client.queue.qsize() * FRAME
    return waiting


def _chats(client: Client) -> int:
    return sum(message["action"] == "chat" for message in client.heard)


HEAD = f"{'':30}{'sent':>5}{'Bob':>5}{'Cleo':>5}  {'waiting':>9}{'tasks':>7}  Sleepy"


def row(design: str, played: Played) -> str:
    """Return one row of the table."""
    peak = f"{played.peak / 1024:,.0f} KiB"
    sleepy = (
        "in the room"
        if played.gone is None
        else f"disconnected after {played.gone:.1f} s"
    )
    heard = f"{played.said:5}{played.bob:5}{played.cleo:5}"
    return f"{design:30}{heard}  {peak:>9}{played.tasks:7}  {sleepy}"


def show(design: str, step: str = "05", **changes: Any) -> None:
    """Play the workload, and print the result."""
    print(HEAD)
    print(row(design, play(step, **changes)))


if __name__ == "__main__":
    show("await each member")
