"""A server that can be measured: a command, a wire, and what is to be said about it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.process import on_cpu
from lab.check.program import Program, start_command
from lab.check.subjects import free_port, until_it_listens

SERVER_CPU, GENERATOR_CPU = 0, 1  # cores, counted from the first that may be used


class Unavailable(Exception):
    """A server is not to be had on this machine; the text says why."""


# What asyncio logs for a server that writes to somebody who has gone. The generator
# goes without a goodbye; had the server lost somebody before, the generator knew.
GONE = "socket.send() raised exception."


def every_line(text: str) -> list[str]:
    """Return each line that says something, other than that the generator has gone."""
    return [line for line in text.splitlines() if line.strip() not in ("", GONE)]


@dataclass(frozen=True)
class Peer:
    """One row of the tables.

    In the words of ``command``, ``{port}`` stands for the port. ``same`` and
    ``different`` say how its work compares with that of a step; ``settings`` are limits
    that were lifted for the run. ``complaints`` picks out of what it wrote to stderr
    the lines that tell of an error. ``asked`` are the groups of servers in it, as in
    Experiment.whom.
    """

    name: str
    command: tuple[str, ...]
    wire: str
    version: str
    same: str
    different: str
    settings: Mapping[str, str] = field(default_factory=dict)
    complaints: Callable[[str], list[str]] = every_line
    asked: frozenset[str] = frozenset({"all"})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Program]:
        """Start it on a free port and a core of its own; end it after the block.

        Raises lab.check.CannotStart if it does not listen.
        """
        port = free_port()
        words = [word.replace("{port}", str(port)) for word in self.command]
        with on_cpu(SERVER_CPU):
            program = await start_command(words, Path(words[0]))
        await until_it_listens(program, port)
        try:
            yield program
        finally:
            await program.stop()
