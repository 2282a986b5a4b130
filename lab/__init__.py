"""The instruments that the notebooks, the tests, the pages and the checker share.

What a notebook needs comes from here: ``from lab import connect, judge, start``.
"""

from lab.check import check_here
from lab.check.judge import judge
from lab.client import Client, Connection, connect
from lab.host import start
from lab.pictures.sequence import Sequence
from lab.pictures.timeline import Timeline
from lab.pictures.unsent import Unsent

__all__ = [
    "Client",
    "Connection",
    "Sequence",
    "Timeline",
    "Unsent",
    "check_here",
    "connect",
    "judge",
    "start",
]
