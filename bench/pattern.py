"""What every delivery looks like, learnt from the first: the generator counts by it.

All messages of a run have names, numbers and words of the same length, and no server
writes the same message in two ways. So each frame has the same size, and only the name
of the speaker and the number of the message change in it. Bytes can be counted instead
of frames, and a frame can be compared with what it has to be instead of being parsed.
"""

from collections.abc import Iterable

from bench.wires import Said

DIGITS = 10  # of the number that each message begins with
PROBE = 9_876_543_210  # the number of the first: it cannot be mistaken in a frame


class Wrong(Exception):
    """Something was lost, came twice, came late or was changed; the text says what."""


def words(number: int, size: int) -> str:
    """Return what is said in the message of that number, so many characters long."""
    return f"{number:0{DIGITS}}".ljust(size, "x")


class Pattern:
    """Frames that differ in a name and a number only."""

    def __init__(self, frame: bytes, name: str, number: int) -> None:
        self.size = len(frame)
        self._number = frame.index(b"%0*d" % (DIGITS, number))
        self._name = frame.find(name.encode()), len(name)
        self._frame = frame

    def __eq__(self, other: object) -> bool:
        """Whether both stand for the same frames."""
        if not isinstance(other, Pattern):
            return NotImplemented
        mine, theirs = self.halves(b""), other.halves(b"")
        return mine == theirs

    def number(self, frame: bytes) -> bytes:
        """Return the digits at the place of the number."""
        return frame[self._number : self._number + DIGITS]

    def name(self, frame: bytes) -> bytes:
        """Return what stands at the place of the name; nothing if no name is in it."""
        start, size = self._name
        return frame[start : start + size] if start >= 0 else b""

    def halves(self, name: bytes) -> tuple[bytes, bytes]:
        """Return what stands before and after the number in what somebody says."""
        frame = bytearray(self._frame)
        start, size = self._name
        if start >= 0:
            frame[start : start + size] = name.ljust(size)
        return bytes(frame[: self._number]), bytes(frame[self._number + DIGITS :])


class Tally:
    """Checks every frame that one member hears: its content, and its place."""

    def __init__(self, pattern: Pattern, speakers: Iterable[str]) -> None:
        self._pattern = pattern
        self._rest = b""
        self._next = {name.encode(): 0 for name in speakers}
        self._halves = {name: pattern.halves(name) for name in self._next}

    def feed(self, data: bytes) -> None:
        """Take what has come; Wrong if it is not what has to come now."""
        size = self._pattern.size
        data = self._rest + data
        end = len(data) - len(data) % size
        for start in range(0, end, size):
            self._check(data[start : start + size])
        self._rest = data[end:]

    def _check(self, frame: bytes) -> None:
        name = self._pattern.name(frame)
        number = self._next.get(name)
        if number is None:
            raise Wrong(f"no speaker is called {name!r}: {frame[:160]!r}")
        before, after = self._halves[name]
        if frame != b"%b%0*d%b" % (before, DIGITS, number, after):
            raise Wrong(self._difference(frame, number))
        self._next[name] = number + 1

    def _difference(self, frame: bytes, number: int) -> str:
        digits = self._pattern.number(frame)
        if not digits.isdigit() or int(digits) == number:
            return f"this differs from what was said: {frame[:160]!r}"
        what = (
            "it arrived twice, or late" if int(digits) < number else "it is too early"
        )
        return f"expected message {number}; got message {int(digits)}: {what}"


def probe(name: str, room: str, size: int) -> Said:
    """Return the first thing that somebody says: the pattern is learnt from it."""
    return Said(name, room, words(PROBE, size))
