"""Where Pythons differ: what the one that runs the tests does, tried and not looked up.

Debian 12 has Python 3.11.2, and asyncio has changed since in two ways that a client of
ours can notice, if only after a mistake of the server.
"""

import asyncio
from functools import cache

import pytest

from lab import simulation
from lab.unmet import Unmet


@cache
def disconnects_after_a_failure():
    """Whether a client is disconnected whose handler fails and closes nothing.

    Else it waits, and the loop hears of the failure when the task is collected.
    """

    async def fail(reader, writer):
        raise LookupError("on purpose")

    async def ends():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with await asyncio.start_server(fail, "127.0.0.1", 0) as server:
            address = server.sockets[0].getsockname()
            reader, writer = await asyncio.open_connection(*address)
            await asyncio.sleep(1)
            ended = reader.at_eof()
            writer.transport.abort()
            return ended

    return simulation.run(ends())


@cache
def times_out_in_a_cancelled_task():
    """Whether ``asyncio.timeout`` ends a wait in the ``finally`` of a cancelled task.

    Else it lets CancelledError pass, and what comes after it is not done.
    """

    async def tidies_up():
        try:
            await asyncio.Event().wait()
        finally:
            async with asyncio.timeout(1):
                await asyncio.Event().wait()

    async def ends():
        task = asyncio.create_task(tidies_up())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        return not task.cancelled() and isinstance(task.exception(), TimeoutError)

    return simulation.run(ends())


async def is_let_go_by_a_cancelled_task(client):
    """See a step end the connection of a client whose task was cancelled.

    Where it reads off what still comes with a timeout that does not work there, it
    never comes to that; then we reset the connection, so that it does not stay open.
    """
    if times_out_in_a_cancelled_task():
        await client.hear_the_end()
        return
    with pytest.raises(Unmet, match="it is still open"):
        await client.hear_the_end()
    client.connection.reset()
