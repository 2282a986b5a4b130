"""Two tasks that tidy up when they are stopped, however that happens."""

import asyncio


async def main() -> None:
    """Start another task, wait for ever, and take a second to tidy up."""
    other = asyncio.create_task(work(), name="other")
    try:
        await asyncio.Event().wait()
    finally:
        print("  main tidies up")
        await asyncio.sleep(1)
        print("  main has ended, and the other task has not:", not other.done())


async def work() -> None:
    """Wait for ever, and tidy up."""
    try:
        await asyncio.Event().wait()
    finally:
        print("  the other task tidies up")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print("  KeyboardInterrupt")
