"""What clients can cost step 12 at most, calculated from its limits."""

import asyncio
import inspect

from lab import story
from lab.host import load
from lab.pictures import drawing

# Asyncio stops reading when there is more than twice the limit of a reader, and takes
# at most this much at a time (max_size in selector_events.py).
AT_A_TIME = 2**18


def main() -> None:
    """Print each kind of cost for one client and for the maximum number of clients."""
    step, utils02 = load(story.find("12")), load(story.find("utils02"))
    frame = utils02.HEADER + utils02.MAX_PAYLOAD
    limit = inspect.signature(asyncio.start_server).parameters["limit"].default
    clients = step.MAX_CLIENTS
    waiting = step.MAX_UNSENT + step.MAX_OUTBOX + frame
    unread = 2 * limit + AT_A_TIME
    told = step.MAX_ROOMS * (clients - 1)
    messages = int(step.RATE)
    heard = messages * (clients - 1)
    print(row("", "one client", f"{clients:,} clients"))
    print(row("descriptors", "1", f"{clients:,}"))
    for name, size in (
        ("waiting for the client", waiting),
        ("received, not read yet", unread),
        ("both together", waiting + unread),
    ):
        print(row(name, drawing.size(size), drawing.size(clients * size)))
    print(row("messages per second", f"{messages:,}", f"{clients * messages:,}"))
    print(row("deliveries per second", f"{heard:,}", f"{clients * heard:,}"))
    print(row("rooms", f"{step.MAX_ROOMS:,}", f"{clients * step.MAX_ROOMS:,}"))
    print(row("notices when it leaves", f"{told:,}", ""))


def row(first: str, *others: str) -> str:
    """Return a row of the table."""
    return f"{first:28}{''.join(f'{other:>15}' for other in others)}".rstrip()


if __name__ == "__main__":
    main()
