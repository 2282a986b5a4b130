"""The picture of a scene: who runs when, and where the named moments are.

It is what a page without scripts shows of a scene, as a figure.
"""

from typing import Any

from lab.pictures.drawing import escaped, picture, small, wide

WIDTH = 700.0  # pixels
ROW = 18.0
HEAD = 22.0  # above the first row: the numbers of the named moments
NETWORK = -1  # the row of everything that is not a task
COLOURS = 8  # that tasks have, before they repeat


def poster(scene: dict[str, Any]) -> str:
    """Return the picture of a scene, as ``Scene.as_json`` writes it."""
    stops = scene["stops"]
    names = [task["n"] for task in scene["tasks"]]
    rows = rows_of(scene, stops)
    left = max(wide(words_of(row, names), 11) for row in rows) + 12
    column = (WIDTH - left) / max(1, len(stops))
    parts = labels(rows, names, left)
    for n, i in enumerate(stops):
        parts.append(
            box(scene, row_of(scene, i, rows), rows, left + n * column, column)
        )
    height = HEAD + len(rows) * ROW + 4
    parts += lines(scene, stops, left, column, height)
    return picture("stepper-map", WIDTH, height, told(scene, rows, names), parts)


def rows_of(scene: dict[str, Any], stops: list[int]) -> list[int]:
    """Return the tasks that run at a stop, and NETWORK if something else does."""
    ran = {scene["moments"][i]["a"] for i in stops}
    own = [n for n, task in enumerate(scene["tasks"]) if task.get("own") and n in ran]
    return own + [NETWORK] * bool(ran - set(own))


def row_of(scene: dict[str, Any], i: int, rows: list[int]) -> int:
    """Return the row of a moment."""
    actor: int = scene["moments"][i]["a"]
    return actor if actor in rows else NETWORK


def box(
    scene: dict[str, Any], row: int, rows: list[int], x: float, column: float
) -> str:
    """Return the box of a moment, in the colour of its task."""
    own = [n for n, each in enumerate(scene["tasks"]) if each.get("own")]
    fill = 'opacity=".35"'
    if row >= 0:
        fill = f'fill="var(--task-{own.index(row) % COLOURS})"'
    y = HEAD + rows.index(row) * ROW + 4
    width = max(1.5, column * 0.85)
    return (
        f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{ROW - 8:g}" {fill}/>'
    )


def words_of(row: int, names: list[str]) -> str:
    """Return what is written beside a row."""
    return names[row] if row >= 0 else "network, clock"


def labels(rows: list[int], names: list[str], left: float) -> list[str]:
    """Return the names beside the rows."""
    return [
        small(left - 8, HEAD + n * ROW + 13, words_of(row, names), "end")
        for n, row in enumerate(rows)
    ]


def lines(
    scene: dict[str, Any], stops: list[int], left: float, column: float, height: float
) -> list[str]:
    """Return a line with a number for each named moment."""
    parts = []
    for number, mark in enumerate(scene["marks"], 1):
        stop = next((n for n, i in enumerate(stops) if i >= mark["moment"]), -1)
        x = left + (stop + 0.5) * column
        path = f"M{x:.1f} {HEAD - 4:g}V{height:g}"
        parts.append(f'<path d="{path}" stroke="currentColor"/>')
        parts.append(small(x, HEAD - 9, str(number), "middle"))
    return parts


def told(scene: dict[str, Any], rows: list[int], names: list[str]) -> str:
    """Return the picture in words."""
    who = ", ".join(escaped(words_of(row, names)) for row in rows)
    marks = "; ".join(
        f"{number}: {mark['title']}" for number, mark in enumerate(scene["marks"], 1)
    )
    return f"{scene['title']}. Rows: {who}. Named moments: {marks}"
