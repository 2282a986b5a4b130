"""A table of text, for a terminal."""

from collections.abc import Mapping, Sequence


def table(title: str, rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as lines of text in columns, of which the first is to the left.

    The keys of the rows are the heads of the columns.
    """
    head = list(dict.fromkeys(name for row in rows for name in row))
    cells = [head, *([row.get(name, "") for name in head] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join([f"-- {title}", *(line.rstrip() for line in lines)])
