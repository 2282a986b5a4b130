"""What was measured, on what machine and with which versions: a file of JSON."""

import datetime
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.packing import packable, packed, unpacked
from bench.peers import Peer
from bench.process import PINNED
from bench.runs import Run
from lab.story import ROOT

FULL = ROOT / "bench" / "results" / "full.json"  # the run that the book shows


@packable
@dataclass(frozen=True)
class About:
    """What is to be said beside the row of one server; the fields are Peer's."""

    name: str
    version: str
    same: str
    different: str
    settings: dict[str, str]

    @staticmethod
    def of(peer: Peer) -> "About":
        """Return what a server says of itself."""
        settings = dict(peer.settings)
        return About(peer.name, peer.version, peer.same, peer.different, settings)


@packable
@dataclass(frozen=True)
class Results:
    """All runs of one time, and what has to be known to read them.

    ``missing`` says why servers were left out.
    """

    made: str
    machine: dict[str, Any]
    servers: Sequence[About]
    missing: dict[str, str]
    runs: Sequence[Run] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write a file of JSON, one run a line, so that two can be compared."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(packed(self), ensure_ascii=False)
        lines = text.replace('{"kind": "Run"', '\n{"kind": "Run"')
        path.write_text(lines + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """Read a file that was saved; OSError or ValueError if there is none such."""
    try:
        results = unpacked(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} holds no results of this benchmark") from error
    if not isinstance(results, Results):
        raise ValueError(f"{path} holds no results of this benchmark")
    return results


def machine() -> dict[str, Any]:
    """Return what is worth knowing of the machine, and nothing that names it."""
    return {
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "compiler": platform.python_compiler(),
        "pinned": PINNED,
    }


def processor() -> str:
    """Return the model of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line for line in lines if line.startswith("model name")]
    return models[0].partition(":")[2].strip() if models else platform.machine()


def now() -> str:
    """Return the date and the time of day, in UTC."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
