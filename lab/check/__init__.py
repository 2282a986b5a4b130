"""The checker: tests a server, in any language, by the behaviours.

A server is given as a Python file with ``main(host, port)``, as a command in which
``{port}`` stands for the port, or as an address where it is running already. The first
two are started afresh for every behaviour and are never left running, nor is what they
start themselves: see ``lab.check.leftovers``. A notebook gives the function that
serves a client: ``check_here``.
"""

from lab.check.checking import check
from lab.check.here import check_here
from lab.check.judging import judged, wanted
from lab.check.program import CannotStart
from lab.check.report import Report, Result
from lab.check.subjects import Address, Command, PythonFile, Subject

__all__ = [
    "Address",
    "CannotStart",
    "Command",
    "PythonFile",
    "Report",
    "Result",
    "Subject",
    "check",
    "check_here",
    "judged",
    "wanted",
]
