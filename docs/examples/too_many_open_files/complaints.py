"""What step 12 prints for a loop's errors: many of one kind, and a different one."""

import asyncio
import errno
import logging
import sys

from lab import simulation, story
from lab.host import load

MESSAGE = "socket.accept() out of system resource"
step = load(story.find("12"))


async def main() -> None:
    """Report an error per second, as asyncio does without a descriptor."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(step.ExceptionHandler())
    vars(step)["print"] = lambda text, **_: print(f"{loop.time():4.0f} s: {text}")
    for _ in range(150):
        error = OSError(errno.EMFILE, "Too many open files")
        loop.call_exception_handler({"message": MESSAGE, "exception": error})
        await asyncio.sleep(1)
    loop.call_exception_handler({"message": "Something else is wrong."})


logging.basicConfig(stream=sys.stdout, format="in the log: %(message)s", force=True)
simulation.run(main())
