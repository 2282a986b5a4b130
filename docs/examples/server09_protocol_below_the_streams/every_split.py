"""Gives an inbox the same bytes, cut in every possible way."""

import itertools
from collections.abc import Iterator

from lab import story
from lab.host import load
from lab.wire import frame

Inbox = load(story.find("server09_protocol")).Inbox
STREAM = frame(b"") + frame(b"a") + frame(b"bc")


def splits(data: bytes) -> Iterator[list[bytes]]:
    """Yield every way to cut the data into pieces."""
    for cuts in itertools.product((False, True), repeat=len(data) - 1):
        ends = [0, *(n for n, cut in enumerate(cuts, 1) if cut), len(data)]
        yield [data[begin:end] for begin, end in itertools.pairwise(ends)]


def taken(pieces: list[bytes]) -> tuple[bytes, ...]:
    """Return the payloads that the inbox gives, asked after each piece."""
    inbox, payloads = Inbox(), []
    for piece in pieces:
        inbox.add(piece)
        while (payload := inbox.take()) is not None:
            payloads.append(payload)
    return tuple(payloads)


ways = list(splits(STREAM))
print(f"{len(STREAM)} bytes, {len(ways):,} ways to cut them")
print("the payloads:", *{taken(pieces) for pieces in ways})
