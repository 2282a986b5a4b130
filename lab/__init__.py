"""The instruments that the notebooks, the tests, the pages and the checker share.

What a notebook needs comes from here: ``from lab import connect, judge, start``. Each
is imported when it is asked for: a command that needs none of them begins at once.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.check import check_here
    from lab.check.judge import judge
    from lab.client import Client, Connection, connect
    from lab.host import start
    from lab.pictures.sequence import Sequence
    from lab.pictures.timeline import Timeline
    from lab.pictures.unsent import Unsent
    from lab.play import Chat
    from lab.stepper.scene import Scene

__all__ = [
    "Chat",
    "Client",
    "Connection",
    "Scene",
    "Sequence",
    "Timeline",
    "Unsent",
    "check_here",
    "connect",
    "judge",
    "start",
]

_MODULES = {
    "Chat": "lab.play",
    "Client": "lab.client",
    "Connection": "lab.client",
    "Scene": "lab.stepper.scene",
    "Sequence": "lab.pictures.sequence",
    "Timeline": "lab.pictures.timeline",
    "Unsent": "lab.pictures.unsent",
    "check_here": "lab.check",
    "connect": "lab.client",
    "judge": "lab.check.judge",
    "start": "lab.host",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
    return value
