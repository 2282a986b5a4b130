"""Shows text in a terminal and reads the lines typed there.

New: text is shown as it was sent, and a line is read when the program wants it.
Still wrong: shown text is printed into the line that you are typing.
"""

import asyncio
import os
import sys
import threading
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO
from unicodedata import category

LONGEST = 2**24  # characters of a line: no frame can carry that many
# A terminal obeys control characters, and what ends a line or a paragraph. Half a
# character cannot be written. Bidirectional controls turn the text around.
COMMANDS = {"Cc", "Cs", "Zl", "Zp"}
BIDI_CONTROLS = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
# With one of these, a file begins by saying how it is encoded.
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Problem(Exception):
    """A problem that the person at the terminal should know about, in one line."""


def visible(text: str) -> str:
    """Return the text with escapes for characters that a terminal would obey."""
    commands = {c for c in text if category(c) in COMMANDS or ord(c) in BIDI_CONTROLS}
    return "".join(repr(c)[1:-1] if c in commands else c for c in text)


def show(text: str) -> None:
    """Print a line without obeying it; raises Problem if it cannot be printed."""
    if sys.stdout is None:
        raise Problem("Cannot print: there is no standard output.")
    known = sys.stdout.encoding or "utf-8"  # it may lack letters: that must not end us
    try:
        print(visible(text).encode(known, "backslashreplace").decode(known), flush=True)
    except (OSError, ValueError) as error:
        raise Problem(f"Cannot print: {error}.") from error


class Typed:
    """Typed lines; the next one is handed over when the one before was taken.

    Reading a terminal blocks, so a thread does it: a daemon thread, for which a process
    does not wait. So the process ends immediately, even if the thread still waits.
    """

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str | Problem | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore()  # one line; the thread waits for it
        threading.Thread(target=self._read, daemon=True).start()

    async def next_line(self) -> str | None:
        """Return the next line, or None at the end; Problem if it cannot be read."""
        line = await self.lines.get()
        self._room.release()
        if isinstance(line, Problem):
            raise line
        return line and line.removesuffix("\n")

    def _read(self) -> None:
        end = None
        try:
            typed = standard_input()
            while line := typed.readline(LONGEST):
                self._room.acquire()
                # A queue belongs to its loop. This is how another thread asks.
                self._loop.call_soon_threadsafe(self.lines.put_nowait, line)
                while len(line) == LONGEST and line[-1] != "\n":
                    line = typed.readline(LONGEST)  # the rest of one that is too long
        except Exception as error:  # whatever stdin is, the reader must not hang
            end = Problem(f"The input cannot be read: {error}.")
        with suppress(RuntimeError):  # the loop is closed: nothing waits any more
            self._loop.call_soon_threadsafe(self.lines.put_nowait, end)


def standard_input() -> TextIO:
    """Return a separate file: at exit, Python would wait for sys.stdin."""
    if sys.stdin is None:
        raise OSError("there is no standard input")
    try:
        number = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return sys.stdin  # as in IDLE: it has lines, but no number
    with suppress(AttributeError, OSError):
        os.set_blocking(number, True)  # or no line yet would look like the end
    file = open(number, "rb", closefd=False)  # noqa: SIM115
    begin = b"" if file.isatty() else file.peek(3)
    marked = (name for mark, name in MARKS.items() if begin.startswith(mark))
    return TextIOWrapper(file, next(marked, sys.stdin.encoding), errors="replace")
