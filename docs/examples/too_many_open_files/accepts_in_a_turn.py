"""How many errors asyncio logs while a client waits and no descriptor is left.

The process lowers its own limit. Windows has no such limit.
"""

import asyncio
import os
import socket
import sys
from collections import Counter

SECONDS = 3


async def errors(most: int) -> list[int]:
    """Return the errors in each second, with this many accepts per turn."""
    loop, counts = asyncio.get_running_loop(), Counter[int]()
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, backlog=most)
    with socket.socket() as client:
        client.connect(server.sockets[0].getsockname())  # not accepted yet
        begin = loop.time()
        loop.set_exception_handler(
            lambda *_: counts.update([int(loop.time() - begin + 0.5)])
        )
        before = no_more()
        await asyncio.sleep(SECONDS - 0.5)
        more(before)
        server.close()
    return [counts[second] for second in range(SECONDS)]


def no_more() -> tuple[int, int]:
    """Forbid this process to open anything, and return the limits that it had."""
    from resource import RLIMIT_NOFILE, getrlimit, setrlimit

    before = getrlimit(RLIMIT_NOFILE)
    number = os.dup(0)  # the lowest free number
    os.close(number)
    setrlimit(RLIMIT_NOFILE, (number, before[1]))
    return before


def more(limits: tuple[int, int]) -> None:
    """Restore the limits."""
    from resource import RLIMIT_NOFILE, setrlimit

    setrlimit(RLIMIT_NOFILE, limits)


def main() -> None:
    """Count with the number that asyncio uses by default, and with one."""
    if sys.platform == "win32":
        print("Windows has no such limit.")
        return
    print("accepts per turn   errors in each second")
    for most in (100, 1):
        counts = asyncio.run(errors(most))
        print(f"{most:16}   {''.join(f'{count:6}' for count in counts)}")


if __name__ == "__main__":
    main()
