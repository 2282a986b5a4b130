"""Wrong on purpose: The call makes a coroutine, and nothing runs it."""

import asyncio


async def greet() -> None:
    """Print a greeting."""
    print("hello")


async def main() -> None:
    """Call greet and forget to await the coroutine."""
    greet()  # type: ignore[unused-coroutine]  # the mistake that is shown
    print("greet has been called")


asyncio.run(main())
