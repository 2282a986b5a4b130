"""The instruments that the notebooks, the tests, the pages and the checker share.

What a notebook needs comes from here: ``from lab import connect, judge, start``.
"""

from lab.check import check_here
from lab.check.judge import judge
from lab.client import Client, Connection, connect
from lab.host import start
from lab.pictures.backlog import Backlog
from lab.pictures.sequence import Sequence
from lab.pictures.timeline import Timeline

__all__ = [
    "Backlog",
    "Client",
    "Connection",
    "Sequence",
    "Timeline",
    "check_here",
    "connect",
    "judge",
    "start",
]
