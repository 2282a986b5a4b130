"""What Ctrl-C does to step 03 while a client is connected, on this Python."""

import asyncio
import platform

from lab.host import start_process
from lab.unmet import Unmet


async def main() -> None:
    """Start the step as a process, connect to it, and press Ctrl-C."""
    print("Python", platform.python_version())
    async with await start_process("03") as server:
        await server.connect("alice")
        await server.prints("alice")
        try:
            print("exit status:", await server.interrupt(timeout=2.0))
        except Unmet as unmet:
            print("expected:", unmet.expected)
            print("got:", unmet.got)
        print("on stderr:", str(server.errors) or "nothing")


asyncio.run(main())
