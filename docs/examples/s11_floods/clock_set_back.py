"""The wall clock is set back by an hour: a bucket that uses it, and one of ours."""

import asyncio

from lab import simulation, story
from lab.host import load

server11 = load(story.find("11"))


async def main() -> None:
    """Ask two buckets for a token, before and after the wall clock changes."""
    loop = asyncio.get_running_loop()
    by_day, by_loop = server11.Bucket(), server11.Bucket()
    midnight = 1_800_000_000.0  # what time.time() would say
    for changed in (0.0, -3600.0):
        await asyncio.sleep(60)
        waits = by_day.take(midnight + loop.time() + changed), by_loop.take(loop.time())
        what = "set back by an hour" if changed else "right"
        print(f"the wall clock is {what}")
        print(f"  by the wall clock: wait for {waits[0]:.0f} s")
        print(f"  by the loop's clock: wait for {waits[1]:.0f} s")


simulation.run(main())
