"""How often asyncio complains while somebody calls, and no descriptor is left.

The process sets its own limit to what it has open. Windows has no such limit.
"""

import asyncio
import os
import socket
import sys
from collections import Counter

SECONDS = 3


async def complaints(most: int) -> list[int]:
    """Return for each second how often there was one, with so many calls of accept."""
    loop, counts = asyncio.get_running_loop(), Counter[int]()
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, backlog=most)
    with socket.socket() as caller:
        caller.connect(server.sockets[0].getsockname())  # the system takes the call
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
    """Let this process open nothing more, and return the limits that it had."""
    from resource import RLIMIT_NOFILE, getrlimit, setrlimit

    before = getrlimit(RLIMIT_NOFILE)
    number = os.dup(0)  # the smallest that is free
    os.close(number)
    setrlimit(RLIMIT_NOFILE, (number, before[1]))
    return before


def more(limits: tuple[int, int]) -> None:
    """Give the limits back."""
    from resource import RLIMIT_NOFILE, setrlimit

    setrlimit(RLIMIT_NOFILE, limits)


def main() -> None:
    """Count with as many as asyncio would take, and with one."""
    if sys.platform == "win32":
        print("Windows has no such limit.")
        return
    print("accepts in a turn   complaints in each second")
    for most in (100, 1):
        counts = asyncio.run(complaints(most))
        print(f"{most:17}   {''.join(f'{count:6}' for count in counts)}")


if __name__ == "__main__":
    main()
