"""The codes with which a server refuses a message: the definition that it uses itself.

Everything else about the wire is written twice, in ``lab.wire`` and in the steps. A
list of names would gain nothing by that.
"""

from functools import cache

from lab import story
from lab.host import load


@cache
def codes() -> dict[str, str]:
    """Return each code with the sentence that explains it."""
    errors: dict[str, str] = load(story.find("utils02")).ERRORS
    return dict(errors)
