"""The servers in Python: our own steps, and the ``websockets`` library."""

import importlib.util
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from bench.peers.peer import Peer, Unavailable
from lab import story
from lab.host import load
from lab.story import Step

# Steps that all questions are put to; the newest is put to them, too.
CLOSELY = {"09", "09_protocol"}
SAME = frozenset({"all", "same"})
FEW = SAME | {"few"}

HERE = Path(__file__).resolve().parent

OURS = "JSON comes in, the server adds the speaker's name, and JSON goes out"

# Limits that exist to stop what a benchmark does. A step has those that it has.
LIFTED = {
    "utils02.MAX_PAYLOAD": str(2**20),  # bytes: the largest message has 64 KiB and more
    "utils02.MAX_TEXT": str(2**19),
    # Beats. Those who are measured only listen, and a ping would be one delivery more.
    "utils03.PING_TIME": str(10**6),
    "RATE": "1e9",  # messages a second; how many there are is what is measured
    "BURST": "1e9",
    "MAX_CLIENTS": str(10**6),
    "MAX_PER_ADDRESS": str(10**6),  # all members come from one
    "MAX_ROOMS": str(10**6),
}


def step(name: str) -> Peer:
    """Return one of our steps, such as ``09``, or a file of the reader's.

    ``09+uvloop`` is the same on uvloop.

    Raises NoSuchStep, and Unavailable without the loop.
    """
    number, _, loop = name.partition("+")
    own = story.STEPS / f"server{number}.py"
    # A side step has no number that could be looked up.
    found = Step(own) if own.is_file() else story.find(number)
    newest = story.steps_of("server")[-1].number
    settings = lifted(found)
    options = [f"--set={key}={value}" for key, value in settings.items()]
    if loop:
        need(loop)
        options.append(f"--loop={loop}")
    command = (sys.executable, "-m", "lab", "run", str(found.path), "--port={port}")
    return Peer(
        name=f"{found.name}+{loop}" if loop else found.name,
        command=(*command, *options),
        wire="chat",
        version=versions(loop) if loop else versions(),
        same=OURS,
        different=found.new,
        settings=settings,
        asked=FEW if name in {*CLOSELY, newest} else SAME,
    )


def lifted(found: Step) -> dict[str, str]:
    """Return the limits of a step, and of what it imports, that have to be lifted."""
    constants = set(vars(load(found)))
    for name in found.imports:
        constants |= {f"{name}.{constant}" for constant in vars(sys.modules[name])}
    return {name: value for name, value in LIFTED.items() if name in constants}


def websockets() -> Peer:
    """Return a server on the library of that name; Unavailable without it."""
    need("websockets")
    return Peer(
        name="websockets",
        command=(sys.executable, str(HERE / "on_websockets.py"), "{port}"),
        wire="websocket",
        version=versions("websockets"),
        same=OURS,
        different="WebSocket frames (RFC 6455), which clients have to mask; "
        "compression and pings are off",
        asked=FEW,
    )


def versions(*modules: str) -> str:
    """Return the version of Python, and of what else takes part."""
    others = [f", {module} {version(module)}" for module in modules]
    return f"Python {platform.python_version()}{''.join(others)}"


def need(module: str) -> None:
    """Raise Unavailable unless a module can be imported."""
    if importlib.util.find_spec(module) is None:
        raise Unavailable(f"{module} is not installed")
