"""gather waits for several coroutines and returns their results in order."""

import asyncio


async def weigh(parcel: str, seconds: float) -> str:
    """Wait, and return a result."""
    await asyncio.sleep(seconds)
    print(f"the {parcel} is done")
    return f"{parcel} weighed"


async def main() -> None:
    """Weigh two parcels at the same time; the second takes less time."""
    results = await asyncio.gather(weigh("piano", 0.2), weigh("flute", 0.1))
    print(results)


asyncio.run(main())
