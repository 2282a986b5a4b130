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
    hint="count those inside by the address they call from: get_extra_info('peername')",
)
async def connections_per_address_are_limited(bench: Bench) -> None:
    """Of an address, twenty may come in; one more is refused, until one has gone."""
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
    hint="whoever is refused is not inside, even if they do not hang up",
)
async def a_refused_client_takes_no_place(bench: Bench) -> None:
    """Whoever was refused, and does not hang up, keeps nobody else out."""
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
    hint="MAX_CLIENTS and MAX_PER_ADDRESS: constants that can be set, as ours can",
)
async def connections_in_total_are_limited(bench: Bench) -> None:
    """When MAX_CLIENTS are inside, one more is refused, wherever it comes from."""
    calls = [await bench.call() for _ in range(SMALL)]
    await is_let_go(await bench.stranger(), "full")
    for call in calls[MORE:]:
        call.abort()
    await bench.wait(MORE)
    await _inside(bench, "heir")


@since(
    12,
    settings=AT_FULL_SPEED,
    hint="count the rooms that one is in, and not those that one has joined",
)
async def rooms_per_client_are_limited(bench: Bench) -> None:
    """Whoever is in fifty rooms is refused another, until they have left one."""
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
