"""Step 01: the server starts, waits and stops."""

from lab.behaviours import since
from lab.behaviours.bench import Bench, expect, expect_success


@since(
    1,
    needs="exit",
    hint="at the end asyncio.run raises KeyboardInterrupt: catch it around that call",
)
async def ctrl_c_ends_it_when_nobody_is_connected(bench: Bench) -> None:
    """With no client connected, Ctrl-C ends the process without an error."""
    expect_success(await bench.ends())


@since(
    1,
    until=2,
    needs="clock",
    hint="await asyncio.sleep(1.0), print, and again",
)
async def a_sign_of_life_comes_every_second(bench: Bench) -> None:
    """While nothing else happens, the server prints a line every second."""
    await bench.wait(3600.5)
    await bench.prints("tick 3600")
    ticks = [line for line in bench.server.transcript.lines if "tick" in line]
    expect(len(ticks), 3600, "the signs of life in an hour")
