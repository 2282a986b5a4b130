"""Plays a plan: starts the step in the simulation, and lets the clients loose on it."""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from lab import simulation
from lab.behaviours import AT_FULL_SPEED
from lab.client import Client, Connection
from lab.host import InLoop, module_replaced, settings_of
from lab.network import link_of
from lab.search.plan import BURST, LATER, Act, Part, Plan
from lab.simulation import Loop
from lab.story import Step
from lab.unmet import Unmet
from lab.wire import Message, encode, frame

TIMEOUT = 10.0  # seconds: nobody who has done nothing wrong waits longer for an answer
CROWD = 30  # more than may come from one address
SETTLED = 100.0  # seconds, until whatever is still on its way has arrived
LAST_WORDS = 3 * TIMEOUT  # seconds, until those who stay are ready for the end
STALL = 30.0  # seconds that somebody reads nothing
VISITOR = 2 * STALL  # seconds: a visitor may have to wait for itself
UNTIL = 3600.0  # seconds: a crowd that is not done by then will never be
BAD = (
    b"",
    b"[]",
    b"9" * 5000,
    b"\xff",
    b'{"action":"dance"}',
    b'{"action":"joinroom"}',
)
HALF = frame(b"half a frame")[:9]
RUBBISH = (b"\2\0\0[]", b"\3\0\0\x80\x80\x80", b"\x40\0\0half", b"\1\0\0x", b"\0")


class Said(NamedTuple):
    """Something that was said; ``number`` counts what happens, in its order."""

    number: int
    room: str
    text: str


@dataclass
class Played:
    """A client when all is over: what it meant to do, and what it said and heard.

    ``joined`` maps each room in which it is to the number of the moment at which it was
    told so, and ``asked`` has every room that it ever wanted to be in. ``unmet`` is
    what it found missing.
    """

    part: Part
    client: Client | None = None
    said: list[Said] = field(default_factory=list)
    joined: dict[str, int] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    unmet: Unmet | None = None
    bad: int = 0  # messages that are none, sent while somebody listened
    broken: bool = False  # its connection was broken off
    bursts: int = 0  # how often it sent many messages at once
    writes: int = 0  # how often the server had something to send to it
    hung_up_on: bool = False  # the server closed its end after this client's
    kept: bool = False  # in the end it was silent, and the server kept it
    let_in: int = 0  # of a crowd that it brought
    untold: int = 0  # of the others in it: who were not told that they cannot come in


@dataclass
class Run:
    """One seed, played: what every client saw, and what was left at the end."""

    plan: Plan
    step: Step
    everybody: list[Played] = field(default_factory=list)
    open_ends: int = 0  # sockets of the server that nobody has closed
    dead_ends: int = 0  # the same, where the line is dead
    tasks: list[str] = field(default_factory=list)  # of the step, still running
    peak: int = 0  # bytes that waited for one client, at most
    stuck: str = ""
    complaint: str = ""  # the last one of the server, of what went wrong in its code

    @property
    def staying(self) -> list[Played]:
        """Those who stay to the end, and do nothing wrong."""
        return [played for played in self.everybody if played.part.stays]


def play(
    step: Step, plan: Plan, *, answers: bool = True, utils: Path | None = None
) -> Run:
    """Play a plan on a step, in a simulation of its own.

    ``answers`` says whether this step answers at all. ``utils`` is a file to stand in
    for the one that the step imports.
    """
    run = Run(plan, step)
    stage = _Stage(run, answers, utils)
    network: dict[str, Any] = {
        "seed": plan.seed,
        "capacity": plan.capacity,
        "until": UNTIL,
    }
    try:
        with _quiet(logging.getLogger("asyncio")):
            simulation.run(stage.play(), debug=False, **network)
    except (simulation.Stuck, simulation.Spinning) as error:
        if not run.tasks:
            run.stuck = str(error)
    stage.loop.network.drop()  # such as dead connections, of which no end knows
    return run


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Let asyncio not complain of what is broken on purpose, a thousand times."""
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


class _Stage:
    """The server, and the clients that are around it."""

    def __init__(self, run: Run, answers: bool, utils: Path | None) -> None:
        self.run, self.answers, self.utils = run, answers, utils
        self.moments = itertools.count()  # time does not tell: much happens at once
        self.loop: Loop
        self.server: InLoop
        self.gathered: asyncio.Barrier

    async def play(self) -> None:
        """Play all parts at once, and look at what is left when everybody has gone."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop), "played in a simulation"
        self.loop = loop
        framing = self.run.step.framing
        with module_replaced(framing.name if framing else "", self.utils):
            # A crowd talks as fast as it likes, unless that is what is looked at.
            settings = {} if self.run.plan.flooded else AT_FULL_SPEED
            self.server = InLoop(self.run.step, settings_of(self.run.step, settings))
        await self.server.begin(0)
        self.run.everybody = [Played(part) for part in self.run.plan.parts]
        self.gathered = asyncio.Barrier(max(1, len(self.run.staying)))
        visits = [self._visit(p) for p in self.run.everybody if not p.part.stays]
        gone = asyncio.Event()
        stays = [self._stay(played, gone) for played in self.run.staying]
        async with asyncio.TaskGroup() as tasks:
            for stay in stays:
                tasks.create_task(stay)
            visiting = [tasks.create_task(visit) for visit in visits]
            if visiting:
                await asyncio.wait(visiting)
            await asyncio.sleep(SETTLED)
            gone.set()
            if self.run.plan.stopped:
                await asyncio.sleep(LAST_WORDS)
                tasks.create_task(self.server.stop())
        await asyncio.sleep(SETTLED)
        await self._look()

    async def _look(self) -> None:
        """Note what the server has left behind."""
        port = self.server.address[1]
        left = [end for end in self.loop.network.open if end.getsockname()[1] == port]
        dead = {
            played.client.connection.address
            for played in self.run.everybody
            if played.part.end == "dead" and played.client is not None
        }
        self.run.dead_ends = sum(end.getpeername() in dead for end in left)
        self.run.open_ends = len(left) - self.run.dead_ends
        self.run.peak = self.loop.network.peak(port)
        await self.server.stop()
        complaints = [line for line in self.server.errors.lines if line.strip()]
        self.run.complaint = complaints[-1] if complaints else ""
        # On some versions asyncio complains of every handler that is cancelled.
        self.loop.set_exception_handler(lambda *_: None)
        self.run.tasks = [task.get_name() for task in self.server.tasks()]
        if self.run.tasks:
            self.loop.until = self.loop.time()  # they may never let it end

    # Those who stay.

    async def _stay(self, played: Played, gone: asyncio.Event) -> None:
        """Do what the part says, and wait until every word must have arrived."""
        try:
            client = await self._call(played)
            joins = [act for act in played.part.acts if act.what == "join"]
            for act in joins:
                await self._act(played, client, act)
            await self.gathered.wait()
            for act in played.part.acts:
                if act not in joins:
                    await self._act(played, client, act)
            await gone.wait()
            # An answer comes after all that the server had to say before it. Twice:
            # what others said before their first answer is certain to be out by then.
            for _ in range(2):
                played.asked.add("tea")
                if self.answers:
                    await client.join("tea")
                await asyncio.sleep(TIMEOUT)
            played.writes = self.loop.network.facing(client.connection.address).writes
            if self.run.plan.stopped:
                client.timeout = VISITOR  # the end may be a while in coming
                await client.hear_the_end()
            else:
                await self._finish(played, client)
        except Unmet as unmet:
            played.unmet = unmet
            await self.gathered.abort()
        except asyncio.BrokenBarrierError:
            pass  # somebody else has found what is wrong
        finally:
            self._hang_up(played)

    # Those who come and go.

    async def _visit(self, played: Played) -> None:
        """Do what the part says, for as long as it goes well, and go as it says."""
        try:
            client = await self._call(played)
            for act in played.part.acts:
                await self._act(played, client, act)
            await self._go(played, client)
        except Unmet:
            pass  # a visitor has troubles of its own: only those who stay can complain
        finally:
            self._hang_up(played)

    async def _go(self, played: Played, client: Client) -> None:
        connection = client.connection
        match played.part.end:
            case "finish":
                await self._finish(played, client)
            case "close":
                await client.close()
            case "reset":
                connection.reset()
            case "dead":
                link_of(client.connection.socket).die()
                await asyncio.sleep(SETTLED)
            case "silent":
                await self._fall_silent(played, client)
            case "rubbish":
                number = len(played.part.acts) % len(RUBBISH)
                await connection.send(RUBBISH[number])
                await self._finish(played, client)

    # What both do.

    async def _call(self, played: Played) -> Client:
        """Connect, and say who we are; again if the call is refused."""
        host, port = self.server.address
        while True:
            try:
                streams = await self.loop.network.open_connection(
                    host, port, faults=played.part.faults
                )
                break
            except ConnectionRefusedError:
                await asyncio.sleep(1.0)
        timeout = TIMEOUT if played.part.stays else VISITOR
        client = Client(played.part.name, Connection(*streams), timeout)
        played.client = client
        await client.send({"action": "connect", "username": played.part.name})
        return client

    async def _act(self, played: Played, client: Client, act: Act) -> None:
        await asyncio.sleep(act.pause)
        match act.what:
            case "join":
                played.asked.add(act.room)
                await self._ask(client, "joinroom", act.room)
                played.joined[act.room] = next(self.moments)
            case "leave":
                await self._ask(client, "leaveroom", act.room)
                played.joined.pop(act.room, None)
            case "stall":
                sock: Any = client.connection.socket
                link_of(sock).stall(sock, STALL)
            case "bad":
                played.bad += 1
                number = (len(played.said) + played.bad) % len(BAD)
                await client.connection.send(frame(BAD[number]))
            case "crowd":
                await self._crowd(played, act.room)
            case "burst" if act.room in played.joined:
                burst = [self._words(played, act) for _ in range(BURST)]
                await client.connection.send(b"".join(map(encode, burst)))
                played.bursts += 1
            case "outside" if act.room not in played.joined:
                await client.say(act.room, "from outside")
            case "say" | "forge" if act.room in played.joined:
                await self._say(played, client, act)

    async def _crowd(self, played: Played, room: str) -> None:
        """Have many come in at once, when those who stay are in; then they all go."""
        await asyncio.sleep(LATER)
        crowd: list[Client] = []
        try:
            for number in range(CROWD):
                streams = await self.loop.network.open_connection(*self.server.address)
                name = f"{played.part.name}'s {number}"
                crowd.append(Client(name, Connection(*streams), TIMEOUT))
                await crowd[-1].send({"action": "connect", "username": name})
                await crowd[-1].send({"action": "joinroom", "room": room})
            told = [(await client.hear()).get("action") for client in crowd]
        finally:
            for client in crowd:
                client.connection.abort()
        played.let_in = max(played.let_in, told.count("joinroom"))
        played.untold += CROWD - told.count("joinroom") - told.count("error")

    async def _ask(self, client: Client, action: str, room: str) -> None:
        if not self.answers:
            await client.send({"action": action, "room": room})
        elif action == "joinroom":
            await client.join(room)
        else:
            await client.leave(room)

    async def _say(self, played: Played, client: Client, act: Act) -> None:
        message = self._words(played, act)
        if act.what == "forge":
            message |= {"from": "the queen", "colour": "red"}
        await client.send(message)

    def _words(self, played: Played, act: Act) -> Message:
        """Return something new to say, and note that it was said."""
        text = f"{played.part.name} says {len(played.said)}".ljust(act.size, ".")
        played.said.append(Said(next(self.moments), act.room, text))
        return {"action": "chat", "room": act.room, "message": text}

    async def _finish(self, played: Played, client: Client) -> None:
        client.connection.finish()
        await client.hear_the_end()
        played.hung_up_on = not _is_broken(client)

    async def _fall_silent(self, played: Played, client: Client) -> None:
        """Answer nothing, perhaps in the middle of a frame, until the server hangs up.

        It is not waited for for ever.
        """
        client.answers = False
        await client.connection.send(HALF[: len(played.part.acts) % 3])
        client.timeout, played.kept = SETTLED, True
        await client.hear_the_end()
        played.kept = False

    def _hang_up(self, played: Played) -> None:
        if played.client is not None:
            played.broken = _is_broken(played.client)
            played.client.connection.abort()


def _is_broken(client: Client) -> bool:
    connection = client.connection
    return connection.broken or link_of(connection.socket).was_reset
