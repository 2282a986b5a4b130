"""What a file of the reader's finds when it is loaded, and what it may not do then."""

import asyncio
import socket
import sys
import threading
import traceback
from asyncio import base_events, events
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab import parsing
from lab.outside import outside
from lab.story import CannotDo

GUARD = 'if __name__ == "__main__":'


class StartsItself(CannotDo):
    """A file that serves as soon as it is imported; the text says what to do."""


class _Listening(BaseException):
    """Ends what would serve; not an Exception, which a file may well catch."""


@contextmanager
def as_started(path: Path) -> Iterator[None]:
    """Let a file find the command line of ``python FILE``."""
    before, sys.argv = sys.argv, [str(path)]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def not_started(path: Path) -> Iterator[None]:
    """Raise StartsItself when the file at ``path`` begins to listen in the block.

    What else it does with an event loop while it is imported, it may do: it does not
    run in the loop of this thread, which stands still meanwhile.
    """
    running = events._get_running_loop()
    try:
        # asyncio binds before it listens, and the port may be in use.
        with (
            _refused(base_events.BaseEventLoop, "create_server"),
            _refused(socket.socket, "listen"),
            outside(),
        ):
            yield
    except _Listening as error:
        raise StartsItself(_words(path, error)) from None
    finally:
        if running is not None:  # asyncio.run leaves the thread without a loop
            asyncio.set_event_loop(running)


@contextmanager
def _refused(of: type, name: str) -> Iterator[None]:
    """Let a method raise _Listening when this thread calls it in the block."""
    own, usual, thread = name in vars(of), getattr(of, name), threading.get_ident()

    def refuse(*words: Any, **named: Any) -> Any:
        if threading.get_ident() == thread:
            if isinstance(words[0], socket.socket):
                words[0].close()
            raise _Listening
        return usual(*words, **named)

    setattr(of, name, refuse)
    try:
        yield
    finally:
        if own:
            setattr(of, name, usual)
        else:
            delattr(of, name)


def place(error: BaseException, path: Path) -> str:
    """Return what a file raised when it was loaded, and where: a line to be read alone.

    That is the innermost line in the folder of the file, for an error in the text of a
    module that it imports the line there.
    """
    if isinstance(error, CannotDo):
        return str(error)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{Path(error.filename).name}, line {error.lineno}: {error.msg}"
    with parsing.nothing_collected():
        frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).is_relative_to(path.parent)]
    where = f"{Path(own[-1].filename).name}, line {own[-1].lineno}: " if own else ""
    return f"{where}{type(error).__name__}: {error}"


def _words(path: Path, error: BaseException) -> str:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path) and frame.name == "<module>"
    ]
    where = f"{path.name}, line {lines[0]}" if lines else path.name
    return (
        f"{where}: it starts itself when it is imported; put that line below {GUARD!r}"
    )
