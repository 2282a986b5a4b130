"""Step 12: the server holds a crowd."""

from lab.behaviours import AT_FULL_SPEED, since
from lab.behaviours.bench import Bench, expect, is_let_go
from lab.client import Client
from lab.unmet import Unmet

SMALL = 100  # clients, where as many are let in: a thousand take ten times as long
AT_ONE_ADDRESS = 20  # clients
ROOMS = 50  # of one client
MORE = 3  # than may come


@since(
    12,
    hint="count admitted clients per address: get_extra_info('peername')",
)
async def connections_per_address_are_limited(bench: Bench) -> None:
    """An address may have 20 connections; the next gets full until one closes."""
    inside = [await _inside(bench, f"guest {n}") for n in range(AT_ONE_ADDRESS)]
    for _ in range(MORE):
        await is_let_go(await bench.stranger(), "full")
    await inside[0].join("tea")
    for number in range(MORE):
        await inside.pop().close()
        await inside[0].hear("leaveroom")
        inside.insert(0, await _inside(bench, f"heir {number}"))
    await is_let_go(await bench.stranger(), "full")


@since(
    12,
    needs="clock",
    hint="a refused client does not count, even while it stays connected",
)
async def a_refused_client_takes_no_place(bench: Bench) -> None:
    """A refused client that stays connected takes no other client's place."""
    inside = [await _inside(bench, f"guest {n}") for n in range(AT_ONE_ADDRESS)]
    for _ in range(MORE):
        refused = await bench.call()
        if b'"full"' not in (told := await refused.rest(bench.timeout)):
            raise Unmet("an error with the code full", repr(told))
    await inside.pop().close()
    await inside[0].hear("leaveroom")
    await _inside(bench, "heir")


@since(
    12,
    needs="clock",  # where it takes no time
    settings={"MAX_CLIENTS": str(SMALL), "MAX_PER_ADDRESS": str(2 * SMALL)},
    hint="make MAX_CLIENTS and MAX_PER_ADDRESS constants of the module, as in our step",
)
async def connections_in_total_are_limited(bench: Bench) -> None:
    """With MAX_CLIENTS admitted, the next client is refused, whatever its address."""
    calls = [await bench.call() for _ in range(SMALL)]
    await is_let_go(await bench.stranger(), "full")
    for call in calls[MORE:]:
        call.abort()
    await bench.wait(MORE)
    await _inside(bench, "heir")


@since(
    12,
    settings=AT_FULL_SPEED,
    hint="count the rooms that the client is in now, not every join",
)
async def rooms_per_client_are_limited(bench: Bench) -> None:
    """A client in 50 rooms is refused another, until it leaves one."""
    alice = await bench.client("alice")
    for number in range(ROOMS):
        await alice.join(f"room {number}")
    for number in range(MORE):
        await alice.send({"action": "joinroom", "room": "one too many"})
        error = await alice.hear("error")
        expect(error.get("code"), "too_many_rooms", "the code of the error")
        await alice.join(f"room {ROOMS - 1}")
        await alice.leave(f"room {number}")
        await alice.join(f"another {number}")


async def _inside(bench: Bench, name: str) -> Client:
    """Connect a client that is in the room."""
    client = await bench.client(name)
    await client.join("tea")
    return client
