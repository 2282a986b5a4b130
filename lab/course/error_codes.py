"""The codes with which a server refuses a message: the definition that it uses itself.

Everything else about the wire is written twice, in ``lab.wire`` and in the steps. A
list of names would gain nothing by that.
"""

import ast
from functools import cache

from lab import parsing, story
from lab.host import load
from lab.story import Step


@cache
def codes() -> dict[str, str]:
    """Return each code with the sentence that explains it."""
    errors: dict[str, str] = load(story.find("utils02")).ERRORS
    return dict(errors)


@cache
def since(code: str) -> str:
    """Return the number of the first server that refuses with this code.

    LookupError if none does. That is the first that has the code in its own text, or in
    that of a file that it imports.
    """
    for step in story.steps_of("server"):
        if any(code in _texts(story.find(name)) for name in (step.name, *step.imports)):
            return step.number
    raise LookupError(f"no step refuses with {code!r}")


def _texts(step: Step) -> set[str]:
    """Return the strings in a file, without those of the definition itself."""
    found = [node for node in parsing.tree(step.path).body if not _defines(node)]
    walk = (part for node in found for part in ast.walk(node))
    return {str(p.value) for p in walk if isinstance(p, ast.Constant)}


def _defines(node: ast.stmt) -> bool:
    names = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(name, ast.Name) and name.id == "ERRORS" for name in names)
