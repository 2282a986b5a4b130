"""Step 01: the server starts, waits and stops."""

from lab.behaviours import since
from lab.behaviours.bench import Bench, expect


@since(
    1,
    needs="exit",
    hint="when all is done asyncio.run raises KeyboardInterrupt: catch it around that",
)
async def ctrl_c_ends_it_when_nobody_is_connected(bench: Bench) -> None:
    """With nobody connected, Ctrl-C ends the process without an error."""
    expect(await bench.ends(), (0, ""), "the exit status and stderr")
