"""The twin of step 02 that closes no connection is asked to hang up."""

import asyncio

from lab.behaviours import find
from lab.behaviours.bench import Bench
from lab.host import start_process
from lab.notyet import NotYet


async def main() -> None:
    """Judge it as a process, since it may not be able to stop."""
    wanted = find("the_server_hangs_up_on_who_has_finished")
    server = await start_process("steps/broken/keeps_the_line_open.py")
    async with Bench(server, patience=0.5) as bench:
        try:
            await wanted.run(bench)
        except NotYet as not_yet:
            print("expected:", not_yet.expected)
            print("got:     ", not_yet.got)


asyncio.run(main())
