"""Which net catches what: every twin and every planted mistake, put to every net.

``python -m tests.catches`` renews docs/_data/catches.json, from which the chapter about
testing makes its tables. It takes an hour or more: hostile clients alone take a
minute or two for what gets past them. ``--only NAME`` renews single rows.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from lab import story
from lab.commands.search import SAME_HASHES
from lab.mistakes import detectors
from lab.mistakes.detectors import Detection
from lab.mistakes.planted import framed_by
from lab.mistakes.twins import mistakes, twins
from lab.story import ROOT, Step

from . import copies
from .hostile import faults
from .hostile.faults import Fault
from .hostile.stage import Stage

RESULTS = ROOT / "docs" / "_data" / "catches.json"
NETS = ("", "units", "wire", "simulation", "search", "hostile")
FIRST_HOSTILE = "server06"  # the first step that survives hostile clients
SOUND = "nothing wrong"  # the row of the step itself
NEWEST = story.steps_of("server")[-1]


def hostile_clients(step: Step, like: Step) -> Detection:
    """Let hostile clients loose on a step, with all that ``like`` survives."""
    watch, tried, by, got = detectors.Watch(), 0, "", ""
    with Stage(step) as stage:
        for fault in faults.every():
            if not fault.is_survived_by(like):
                continue
            tried += 1
            got = _played(stage, fault) and _played(stage, fault)
            if got:
                by = fault.name
                break
    return Detection(by, got, tried, *watch.times())


def _played(stage: Stage, fault: Fault) -> str:
    """Play one fault, and return what went wrong: once may be chance, twice not."""
    try:
        (stage.end if fault.ends else stage.play)(fault)
    except Exception as error:  # whatever it is, the server is to blame
        return str(error) or type(error).__name__
    return ""


def rows() -> dict[str, tuple[Step, Step, Step | None]]:
    """Return what is tried: the step, what it is held to, and its framing if wrong."""
    found: dict[str, tuple[Step, Step, Step | None]] = {SOUND: (NEWEST, NEWEST, None)}
    for twin in twins():
        if twin.of.kind == "utils":
            servers = story.steps_of("server")
            user = [s for s in servers if utils_of(s) == [twin.of.name]][-1]
            found[twin.name] = framed_by(user, twin.step), user, twin.step
        else:
            found[twin.name] = twin.step, twin.of, None
    return found | {m.name: (m.step, m.of, None) for m in mistakes()}


def utils_of(step: Step) -> list[str]:
    """Return the names of the utils that a step imports."""
    return [name for name in step.imports if name.startswith("utils")]


def tried(name: str, *, only: str = "") -> Iterator[tuple[str, Detection]]:
    """Put one row to the nets, or to one of them, and yield what became of it."""
    step, like, utils = rows()[name]
    framing = utils or next((story.find(found) for found in utils_of(like)), None)
    judges = {
        "units": framing and (lambda: units(framing, step, like)),
        "wire": lambda: asyncio.run(detectors.wire(step, like)),
        "simulation": lambda: detectors.simulated(step, like),
        "search": lambda: detectors.searched(step, like),
        "hostile": like.name >= FIRST_HOSTILE and (lambda: hostile_clients(step, like)),
    }
    for net, judge in judges.items():
        if judge and only in ("", net):
            yield net, judge()


def units(framing: Step, step: Step, like: Step) -> Detection:
    """Put a framing to its behaviours, and the newest server to what looks into it.

    A twin is not put to the latter, for it has no place in the story.
    """
    found = detectors.units(framing, like)
    if found.by or like != NEWEST or step.name in {twin.name for twin in twins()}:
        return found
    more = copies.from_inside(step, like)
    return dataclasses.replace(
        more,
        tried=found.tried + more.tried,
        seconds=found.seconds + more.seconds,
        waited=found.waited + more.waited,
    )


def row(name: str, net: str) -> dict[str, Any]:
    """Compute one row in a process of its own, in which a seed means the same."""
    command = [sys.executable, "-m", "tests.catches", "--row", name, "--net", net]
    environment = {**os.environ, **SAME_HASHES}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    print(f"{name}: done", file=sys.stderr, flush=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Renew the rows that are asked for, or all."""
    top = argparse.ArgumentParser(prog="python -m tests.catches", description=__doc__)
    top.add_argument("--only", action="append", metavar="NAME", help="of a row")
    top.add_argument("--jobs", type=int, default=1, help="rows at a time")
    top.add_argument("--net", choices=NETS, default="", help="leave the others as is")
    top.add_argument("--row", help=argparse.SUPPRESS)
    options = top.parse_args()
    if options.row:
        hauls = tried(options.row, only=options.net)
        print(json.dumps({net: dataclasses.asdict(haul) for net, haul in hauls}))
        return
    with ThreadPoolExecutor(options.jobs) as threads:
        names = options.only or list(rows())
        new = list(threads.map(lambda name: row(name, options.net), names))
    before = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    kept, made = before.get("rows", {}), before.get("made", {})
    today = datetime.now(UTC).date().isoformat()
    for name, hauls in zip(names, new, strict=True):
        kept[name] = kept.get(name, {}) | hauls
        made[name] = today
    found = {name: kept[name] for name in rows() if name in kept}
    days = {name: made[name] for name in found}
    machine = {
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
    }
    data = {"machine": machine, "step": NEWEST.name, "made": days, "rows": found}
    RESULTS.write_text(f"{json.dumps(data, indent=1)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
