"""Wrong on purpose: One of three fails, and the other two work on unwatched."""

import asyncio


async def work(name: str) -> None:
    """Work for a while."""
    await asyncio.sleep(0.05)
    print(f"{name} is still at work")


async def fail() -> None:
    """Fail immediately."""
    raise ConnectionError("the server is gone")


async def main() -> None:
    """Run three coroutines with gather, of which one fails."""
    try:
        await asyncio.gather(work("first"), work("second"), fail())
    except ConnectionError as error:
        print("gather raises", repr(error))
    await asyncio.sleep(0.1)


asyncio.run(main())
