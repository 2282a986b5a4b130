"""Wrong on purpose: the coroutine is made, and never run."""

import asyncio


async def greet() -> None:
    """Print a greeting."""
    print("hello")


async def main() -> None:
    """Call greet and forget to await what comes back."""
    greet()  # type: ignore[unused-coroutine]  # the mistake that is shown
    print("greet has been called")


asyncio.run(main())
