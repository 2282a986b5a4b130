"""The instruments that the notebooks, the tests, the pages and the checker share.

What a notebook needs comes from here: ``from lab import connect, judge, start``.
"""

from lab.backlog import Backlog
from lab.check import check_here
from lab.client import Client, Connection, connect
from lab.host import start
from lab.judge import judge
from lab.sequence import Sequence
from lab.timeline import Timeline

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
