"""What the notebook about speed does: it measures servers side by side, where it can.

A browser starts no processes, and neither do notebooks on Windows. There the calls of
``send`` are counted instead, in the simulation: most of the time goes into them.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import replace
from typing import Any

from lab import simulation, start, story
from lab.story import ROOT, Step
from lab.wire import encode

MEMBERS = 30
IN_FLIGHT = {"quiet": (1, 1), "busy": (1, 32), "crowd": (16, 16)}  # speakers, messages
BRIEFLY = "MEASURING_BRIEFLY" in os.environ  # in a test, and in the build of the book
SECONDS, WARM_UP = (0.1, 0.03) if BRIEFLY else (0.2, 0.05)  # of each load
ROUNDS = 1 if BRIEFLY else 3

Rows = dict[str, dict[str, float | str]]


async def side_by_side(
    *servers: str | Step, loads: Sequence[str] = tuple(IN_FLIGHT), rounds: int = ROUNDS
) -> None:
    """Print what a delivery costs each server, in turns; a text for one without figure.

    A server is a step, a copy of one, or another's name, such as ``bare-send``.
    """
    named = _named(servers)
    try:
        rows = await _measured(named, loads, rounds)
        what = "CPU time per delivery, in microseconds"
    except NotImplementedError:
        rows = {name: _counted(server, loads) for name, server in named.items()}
        what = "no processes here: calls of send per delivery, in the simulation"
    print(what)
    print(f"{'':20}" + "".join(f"{load:>10}{'times':>10}" for load in loads))
    first = next(iter(rows.values()))
    if "none" in first:
        raise RuntimeError(f"nothing to compare with: {first['none']}")
    for name, row in rows.items():
        print(f"{name:20}" + "".join(_cells(row, first, load) for load in loads))


def _cells(row: dict[str, Any], first: dict[str, Any], load: str) -> str:
    """Return a figure, and how many times as well as the first one it does."""
    if "none" in row:
        return f"  no figure: {row['none']}" if load in row["none of"] else ""
    times = "" if row is first else f"{first[load] / row[load]:.2f}"
    return f"{row[load]:10.2f}{times:>10}"


def _named(servers: Sequence[str | Step]) -> dict[str, str | Step]:
    """Give each server a name: copies are yours, and whoever comes twice is told so."""
    named: dict[str, str | Step] = {}
    for server in servers:
        name = server
        if isinstance(server, Step):
            name = "the copy"
        elif server[:1].isdigit():
            name = story.find(server).name
        while name in named:
            name += " again"
        named[name] = server
    return named


async def _measured(
    named: dict[str, str | Step], loads: Sequence[str], rounds: int
) -> Rows:
    """Let the benchmark of the book measure; NotImplementedError without processes."""
    if sys.platform == "emscripten":
        raise NotImplementedError
    from bench import metrics, runs
    from bench.cases import Experiment, Load
    from bench.figures import Case
    from bench.job import Closed
    from bench.peers import Unavailable, peer

    phases = [
        Closed(load, *IN_FLIGHT[load], seconds=SECONDS, warm_up=WARM_UP)
        for load in loads
    ]
    peers = []
    for name, server in named.items():
        try:
            found = peer(server if isinstance(server, str) else str(server.path))
            peers.append(replace(found, name=name))
        except Unavailable as why:
            print(f"{name} is left out: {why}")
    load = Load(MEMBERS, tuple(phases))
    experiment = Experiment("headline", "", (load,), "all", rounds)
    with chdir(ROOT):  # the servers import lab from there
        case = Case(load, [run async for run in runs.rounds(experiment, peers)])
    rows: Rows = {
        name: {"none": why, "none of": loads[0]} for name, why in case.failures.items()
    }
    for name in case.peers:
        rows[name] = {
            each: case.figure(name, metrics.cpu(each)).median for each in loads
        }
    return {one.name: rows[one.name] for one in peers}


def _counted(server: str | Step, loads: Sequence[str]) -> dict[str, float | str]:
    """Return how often a server sends for each delivery, in the simulation."""
    if server in ("bare-send", "c-send"):
        return dict.fromkeys(loads, 1.0)  # that is what it is for
    row: dict[str, float | str] = {}
    for load in loads:
        sends, heard, due = simulation.run(_sends(server, *IN_FLIGHT[load]))
        if heard < due:
            return {"none": f"{due - heard} deliveries never came", "none of": load}
        row[load] = sends / heard
    return row


async def _sends(step: str | Step, speakers: int, messages: int) -> tuple[int, ...]:
    """Let so many say so much at once; return sends, deliveries, and what was due."""
    network: Any = asyncio.get_running_loop().network
    async with await start(step) as server:
        clients = [await server.connect(f"m{number:02}") for number in range(MEMBERS)]
        for client in clients:
            await client.join("tea")
        await asyncio.sleep(1)
        listening = [network.facing(client.connection.address) for client in clients]
        before = sum(far.sends for far in listening)
        chat = {"action": "chat", "room": "tea", "message": "x" * 40}
        for client in clients[:speakers]:
            await client.connection.send(encode(chat) * (messages // speakers))
        await asyncio.sleep(1)
        sends = sum(far.sends for far in listening) - before
        heard = sum(m["action"] == "chat" for client in clients for m in client.heard)
    return sends, heard, messages * (MEMBERS - 1)
