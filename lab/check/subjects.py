"""The subjects of a check: an address, a command in any language, a Python file."""

import asyncio
import re
import secrets
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lab import story
from lab.behaviours.framing_bench import Framing
from lab.check import leftovers
from lab.check.disguise import Guest
from lab.check.program import ENDED, CannotStart, Program, start_command, start_lab
from lab.check.report import last_complaint
from lab.host import CHUNK, Running, hidden, settings_of
from lab.story import STEPS, Step

START = 10.0  # seconds for a server to begin to listen: some languages compile first
MAX_SECONDS = 60.0  # seconds for one behaviour, whatever the server does
GOODBYE = 0.5  # seconds for hanging up on whoever only wanted to see if it listens
REPLY = 1.0  # seconds for one answer
PAUSE = 0.02  # seconds between two tries to connect: nothing tells us when it listens
PORTS = range(15_000, 32_000)  # Linux gives clients those above, others higher ones
FOREGROUND = "start it without &, setsid, or the option that makes it a daemon"
LOOPBACK = ("127.0.0.1", "::1")  # to node, "localhost" may be the second one


class Subject:
    """A server to check. ``has`` is what a bench can see besides the connection.

    ``settable`` says whether limits of it can be lifted by their names, ``most`` how
    many seconds of its clock one behaviour may take, ``at_once`` how many of these can
    be judged at a time.
    """

    has: frozenset[str] = frozenset()
    settable = False
    most = MAX_SECONDS
    at_once = 1

    async def start(self, settings: Mapping[str, str] | None = None) -> Running:
        """Return the server, listening; CannotStart if it does not listen.

        ``settings`` has limits to set, if it has them and it can be done.
        """
        raise NotImplementedError

    def framing(self) -> Framing | None:
        """Return its two functions between bytes and messages, if they can be had."""
        return None

    def is_own(self, file: str) -> bool:
        """Whether a file of this name, as a traceback has it, is the learner's."""
        return False

    def beside(self) -> list[str]:
        """Return lines that say what else is judged with it."""
        return []


class Address(Subject):
    """A server that is running already, goes on running, and may have other clients."""

    def __init__(self, host: str, port: int, within: float = START) -> None:
        self.host, self.port, self.within = host, port, within

    async def start(self, settings: Mapping[str, str] | None = None) -> Running:
        """Return the server; CannotStart if the port accepts no connection."""
        running = Guest(Step(Path(f"{self.host}:{self.port}")))
        running.listens_at(self.host, self.port)
        try:
            async with asyncio.timeout(self.within):
                answered = await listens(running)
        except (TimeoutError, ValueError):  # nobody, or a name that cannot be one
            answered = False
        if not answered:
            raise CannotStart(f"no server answers at {self.host}:{self.port}")
        return running


class Command(Subject):
    """A server that a command starts, in any language."""

    at_once = 2

    def __init__(self, words: Sequence[str], within: float = START) -> None:
        self.within = within  # seconds for it to begin to listen
        if not any("{port}" in word for word in words):
            raise CannotStart("the command has to contain {port}, once or more")
        self.words = list(words)

    async def start(self, settings: Mapping[str, str] | None = None) -> Running:
        """Start the command with a free port, and wait until it listens there.

        CannotStart, with the last line of its stderr, if it does not.
        """
        port = free_port()
        words = [word.replace("{port}", str(port)) for word in self.words]
        words += self.options(settings or {})
        running = await self.begun(words)
        running.port = port
        await until_it_listens(running, port, self.within)
        return running

    async def begun(self, words: Sequence[str]) -> Program:
        """Start the command, in which the port has its place."""
        return await start_command(words, Path(words[0]))

    def options(self, settings: Mapping[str, str]) -> list[str]:
        """Return options that lift limits: none are known for a command."""
        return []


class PythonFile(Command):
    """A Python file with ``main(host, port)``; it may import what lies in steps/."""

    has = frozenset({"output", "exit"})
    settable = True

    def __init__(self, path: Path, within: float = START) -> None:
        self.path = story.own_server(path).path
        super().__init__(["lab", "run", str(self.path), "--port", "{port}"], within)

    async def begun(self, words: Sequence[str]) -> Program:
        """Start the file by ``python -m lab run``."""
        return await start_lab(words, self.path)

    def is_own(self, file: str) -> bool:
        """Whether it is the file, or a module beside it."""
        from lab.check.findings.whose import Own  # which judges with what is here

        return Own(self.path).has_file(file)

    def beside(self) -> list[str]:
        """Return a line for each file of its folder that changes the judgement."""
        own = Step(self.path).own_files
        lines = [f"judged with your {path.name}, which is beside it" for path in own]
        for name in hidden(self.path.parent):
            words = f"takes the place of Python's own {name}; rename it"
            lines.append(f"to 'python {self.path.name}', {name}.py {words}")
        return lines

    def options(self, settings: Mapping[str, str]) -> list[str]:
        """Return the options for those of the limits that the file has."""
        limits = settings_of(Step(self.path), settings)
        return [f"--set={name}={value}" for name, value in limits.items()]

    def framing(self) -> Framing | None:
        """Return the framing that the file imports, or has itself."""
        step = Step(self.path)
        try:
            own = Framing.of(step, timeout=REPLY)
        except Exception:  # whatever is wrong with the file, its server will show it
            return None
        return own if own.is_whole else None


async def until_it_listens(running: Program, port: int, within: float = START) -> None:
    """Wait until the port accepts a connection; CannotStart if it does not."""
    try:
        async with asyncio.timeout(within):
            while not await listens_somewhere(running, port):
                ended = running.process.returncode is not None
                if ended and not running.is_in_the_background():
                    await asyncio.wait(running._reading, timeout=ENDED)
                    raise CannotStart(why_it_ended(running))
                await asyncio.sleep(PAUSE)
    except TimeoutError as error:
        await running.stop()
        where = f"{LOOPBACK[0]}:{port}"
        words = f"it did not listen on {where} within {within:g} s"
        longer = "" if last_complaint(running) else "; to wait longer: --start-within"
        if running.step.path.name in leftovers.backgrounds:
            longer = f"; it went to the background: {FOREGROUND}"
        raise CannotStart(f"{words}{last_complaint(running)}{longer}") from error
    except BaseException:  # Ctrl-C, too: nothing is ever left running
        await running.stop()
        raise


def why_it_ended(running: Program) -> str:
    """Return why a program ended before it listened, and what to do."""
    complaint = last_complaint(running)
    if complaint.startswith(": lab: "):
        return complaint.removeprefix(": lab: ")  # it says itself what is wrong
    words = f"it ended before it listened{complaint}"
    if (lost := re.search(r"No module named '(\w+)'$", words)) and _in_steps(lost[1]):
        return f"{words}; it is in steps/: name that folder in PYTHONPATH"
    if running.process.returncode or complaint:
        return words
    return f"{words}; if it goes to the background, {FOREGROUND}"


def _in_steps(name: str) -> bool:
    return (STEPS / f"{name}.py").is_file()


async def listens_somewhere(running: Running, port: int) -> bool:
    """Whether this port accepts a connection, at any of our own addresses."""
    for host in LOOPBACK:
        running.listens_at(host, port)
        if await listens(running):
            return True
    return False


async def listens(running: Running) -> bool:
    """Whether the port accepts a connection; waits a moment for it to be closed."""
    host, port = running.address
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        # A behaviour may ask what happens when nobody is connected.
        writer.write_eof()
        async with asyncio.timeout(GOODBYE):
            while await reader.read(CHUNK):
                pass
    except OSError:
        pass  # TimeoutError is one: a server that does not hang up is judged later
    finally:
        writer.close()
    return True


def free_port() -> int:
    """Return a port that was free a moment ago.

    Not one of those that the system gives to clients: several servers are started side
    by side, and a client of one would take the port from another that begins to listen.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
