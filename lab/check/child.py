"""The simulation in a separate process, and the results that it reports.

A file that never waits, or that ends its process, would take the checker with it. The
process is started once for all behaviours; see ``lab.check.simulated``.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.behaviours import Behaviour
from lab.check.causes import Cause
from lab.check.program import Program, start_lab
from lab.check.report import Result, last_complaint, result
from lab.unmet import Unmet

SILENCE = 20.0  # seconds, on a busy machine, for the next of what it has to say

ENDS = "the server goes on, so that the next behaviour can be judged"


@dataclass
class Simulation:
    """The results so far; each event is set when that much is known.

    ``cannot_start`` says why nothing was judged, if nothing was.
    """

    results: dict[str, Result] = field(default_factory=dict)
    found: list[Cause] = field(default_factory=list)
    cannot_start: str = ""
    judged: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is broken and nothing was found so far."""
        verdicts = {result.verdict for result in self.results.values()}
        return "broken" not in verdicts and not self.found

    async def run(self, path: Path, candidates: Sequence[Behaviour]) -> None:
        """Have a file judged by all of them; returns when everything is known."""
        try:
            await self._run(path, candidates)
        finally:
            self.judged.set()

    async def _run(self, path: Path, candidates: Sequence[Behaviour]) -> None:
        names = [behaviour.name for behaviour in candidates]
        words = ["lab.check.simulated", str(path), *names]
        program = await start_lab(words, path)
        try:
            async with aclosing(_said(program)) as said:
                async for one in said:
                    self._take(one)
            status = await program.process.wait()
            why = f"its process ended with status {status}{last_complaint(program)}"
        except TimeoutError:
            why = f"no result within {SILENCE:g} s"
        finally:
            await program.stop()
        self._broke_off(candidates, why)

    def _take(self, one: dict[str, Any]) -> None:
        """Take one line of its report."""
        if "result" in one:
            judged = Result.of_json(one["result"], one["causes"])
            self.results[judged.name] = judged
        elif "found" in one:
            self.found.append(Cause(**one["found"]))
        elif "cannot start" in one:
            self.cannot_start = one["cannot start"]
        elif one.get("end") == "judged":
            self.judged.set()

    def _broke_off(self, candidates: Sequence[Behaviour], why: str) -> None:
        """Give a verdict on the behaviours that were not judged before it ended."""
        left = [b for b in candidates if b.name not in self.results]
        if self.cannot_start:
            why = f"it cannot be started in the simulation: {self.cannot_start}"
        elif left and not self.found:
            first = left.pop(0)
            self.results[first.name] = result(first, Unmet(ENDS, why))
            why = f"nothing could be judged after {first.name!r}"
        for behaviour in left:
            self.results[behaviour.name] = result(behaviour, missing=why)


async def _said(program: Program) -> AsyncGenerator[dict[str, Any], None]:
    """Yield what it says, until it ends; TimeoutError if it says nothing for long.

    Other output is skipped.
    """
    reading, told = program._reading[0], 0
    while True:
        ended = reading.done()
        for line in program.transcript.lines[told:]:
            told += 1
            try:
                one = json.loads(line)
            except ValueError:
                continue
            if isinstance(one, dict):
                yield one
        if ended:
            return
        news = asyncio.create_task(program.transcript.more(told))
        done, _ = await asyncio.wait(
            {news, reading}, timeout=SILENCE, return_when="FIRST_COMPLETED"
        )
        news.cancel()
        if not done:
            raise TimeoutError
