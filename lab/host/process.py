"""Runs a step as a process of its own."""

import asyncio
import codecs
import io
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab.host.loading import startable
from lab.host.running import CHUNK, TIMEOUT, Running, Transcript
from lab.story import ROOT, STEPS, Step
from lab.unmet import Unmet


class Process(Running):
    """A step that runs as a process of its own, started by ``python -m lab run``."""

    def __init__(self, step: Step, process: asyncio.subprocess.Process) -> None:
        super().__init__(step)
        self.process = process
        self._reading = [
            asyncio.create_task(_read(process.stdout, self.transcript)),
            asyncio.create_task(_read(process.stderr, self.errors)),
        ]

    async def begin(self) -> None:
        """Wait until the step has printed that it listens, or its first line.

        Raises OSError, with what it wrote to stderr, if it ends instead.
        """
        line = asyncio.create_task(self._first_line())
        ended = asyncio.create_task(self.process.wait())
        try:
            await asyncio.wait({line, ended}, return_when="FIRST_COMPLETED")
            if not line.done():
                await asyncio.wait(self._reading)
                raise OSError(f"{self.step.name} ended at once: {self.errors}")
            self._note_address(await line)
        finally:
            for task in (line, ended):
                task.cancel()
            await asyncio.wait({line, ended})

    async def interrupt(
        self, timeout: float = TIMEOUT, number: int = signal.SIGINT
    ) -> int:
        """Send what Ctrl-C sends, or another signal, and return the exit status.

        Unmet if the process does not end in so many seconds.
        """
        self.process.send_signal(number)
        return await self.exit_status(timeout)

    async def exit_status(self, timeout: float = TIMEOUT) -> int:
        """Wait for the process to end; Unmet if it does not in so many seconds."""
        try:
            async with asyncio.timeout(timeout):
                await asyncio.wait(self._reading)
                return await self.process.wait()
        except TimeoutError as error:
            got = f"one that still runs after {timeout:g} s"
            raise Unmet("a process that ends", got) from error

    async def lose_output(self) -> None:
        """Close our end of the pipe into which it prints, as ``head -1`` does."""
        # The attribute is not public; subprocess has a public one, asyncio none.
        pipe = self.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        pipe.close()
        await asyncio.wait(self._reading[:1])  # now it is closed, and not soon

    async def stop(self) -> None:
        """End the clients, then the process: asked first, then forced."""
        await super().stop()
        if self.process.returncode is None:
            self.process.terminate()
        try:
            async with asyncio.timeout(TIMEOUT):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await asyncio.wait(self._reading)


async def _read(stream: asyncio.StreamReader | None, transcript: Transcript) -> None:
    assert stream is not None, "the process was started with pipes"
    # Not readline: it gives up on a long line. A character may come in two portions,
    # and so may the end of a line on Windows.
    characters = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    decoder = io.IncrementalNewlineDecoder(characters, translate=True)
    while data := await stream.read(CHUNK):
        transcript.add(decoder.decode(data))
    transcript.add(decoder.decode(b"", final=True))


async def start_process(
    step: str | Step,
    *,
    port: int = 0,
    settings: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Process:
    """Start a step as a process of its own, on a free port unless one is named.

    ``python`` is the interpreter that runs it. Raises OSError, with what the process
    wrote, if it cannot be started.
    """
    step = startable(step, port)
    options = [f"--set={name}={value}" for name, value in (settings or {}).items()]
    command = [python, "-m", "lab", "run", _argument(step), f"--port={port}"]
    with ctrl_c_for_children():
        process = await asyncio.create_subprocess_exec(
            *command, *options, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=ROOT
        )
    running = Process(step, process)
    try:
        await running.begin()
    except BaseException:
        await running.stop()
        raise
    return running


@contextmanager
def ctrl_c_for_children() -> Iterator[None]:
    """Let Ctrl-C reach the processes that are started in the block.

    A shell starts the jobs in its background with Ctrl-C switched off, and a process
    hands that on to those that it starts. A step has to hear it all the same.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    # Whatever is caught here is as it is at first in what is started. And we stay deaf.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _argument(step: Step) -> str:
    return step.name if step.path.parent == STEPS else str(Path(step.path))
