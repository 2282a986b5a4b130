"""The work of ``python -m lab check``, after its command line was parsed."""

import argparse
import asyncio
import json
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import check
from lab.behaviours import Behaviour
from lab.check import (
    Address,
    CannotStart,
    Command,
    PythonFile,
    Report,
    Result,
    Subject,
    leftovers,
)
from lab.check.report import Form
from lab.check.subjects import FOREGROUND, START
from lab.commands.check import STOPPED
from lab.story import Step


def run(options: argparse.Namespace, step: Step) -> int:
    """Check a server and report, as ``lab.commands.check`` says."""
    try:
        wanted = check.wanted(step, only=options.only, alone=options.step)
    except LookupError as error:
        raise CannotStart(error.args[0]) from error
    printer = Printer(options, step)
    try:
        server = subject(options)
        for line in server.beside():
            print(f"lab: {line}", file=sys.stderr)
        with leftovers.reaping():
            whole = asyncio.run(printer.report(server, wanted))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print(STOPPED, file=sys.stderr)
        return 130
    for name in leftovers.backgrounds:
        words = f"goes to the background, where it was ended; {FOREGROUND}"
        print(f"lab: {name} {words}", file=sys.stderr)
    for port in leftovers.still_open:
        words = "is still open: a process is out of reach; end it yourself"
        print(f"lab: port {port} {words}", file=sys.stderr)
    printer.print(whole)
    return 0 if whole.kept else 1


def subject(options: argparse.Namespace) -> Subject:
    """Return the subject of the check."""
    within = options.start_within or START
    if options.command:
        return Command(options.command, within)
    if options.file:
        return PythonFile(Path(options.file), within)
    host, port = options.connect
    return Address(host, port, within)


class Printer:
    """Prints the report, its first lines as soon as they are known."""

    def __init__(self, options: argparse.Namespace, step: Step) -> None:
        self.options, self.step = options, step
        self.form = Form(
            hint="" if options.hint or options.all else "to see one, add --hint",
            every=bool(options.all or options.only),
        )
        self._begun = False

    async def report(self, server: Subject, wanted: Sequence[Behaviour]) -> Report:
        """Put the server to the behaviours, and return the report."""
        end_at_a_signal()
        results, found = await check.check(server, wanted, self.step, self._tell)
        file = shlex.quote(self.options.file) if self.options.file else ""
        partial = bool(self.options.step or self.options.only)
        return Report(self.step, results, partial, found, file)

    def _tell(self, results: Sequence[Result]) -> None:
        """Print the first broken behaviour at once: over TCP the others take long."""
        broken = any(result.verdict == "broken" for result in results)
        if broken and not self._begun and not (self.form.every or self.options.json):
            self._begun = True
            begun = Report(self.step, results, partial=True)
            print("\n".join(begun.beginning(self.form)), flush=True)

    def print(self, whole: Report) -> None:
        """Print the rest."""
        if self.options.json:
            print(json.dumps(whole.as_json(), indent=2))
        else:
            print(whole.told(self.form, begun=self._begun))


def end_at_a_signal() -> None:
    """Let SIGTERM and SIGHUP end the check as Ctrl-C does, the server with it."""
    task = asyncio.current_task()
    assert task is not None, "called from a coroutine"
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has one of them
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        try:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        except (NotImplementedError, RuntimeError, ValueError):
            pass  # not on this loop, or not in this thread
