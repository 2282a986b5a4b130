"""Counts the lines and functions of step 09, with streams and without."""

import ast

from docs.examples.server09_protocol_below_the_streams.memory_of_a_connection import (
    SERVERS,
)
from lab import story
from lab.course import changes

WAITS = ast.Await | ast.AsyncFor | ast.AsyncWith


def sizes(step: str) -> dict[str, int]:
    """Return what can be counted in a step, and how much of it there is."""
    text = changes.source(story.find(step))
    nodes = list(ast.walk(ast.parse(text)))
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef)]
    coroutines = [n for n in nodes if isinstance(n, ast.AsyncFunctionDef)]
    return {
        "lines of code and comments": changes.count("", text),
        "functions and methods": len(functions),
        "coroutine functions": len(coroutines),
        "places that may wait": sum(isinstance(node, WAITS) for node in nodes),
    }


columns = [sizes(step) for step in SERVERS]
print(" " * 28 + "".join(f"{name:>18}" for name in SERVERS.values()))
for what in columns[0]:
    print(f"{what:28}" + "".join(f"{column[what]:18}" for column in columns))
