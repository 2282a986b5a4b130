"""What a server remembers of those who have gone: looked at from the inside."""

import pytest

from lab.host import start

from .caller import Caller
from .faults import holds, newest
from .faults.names import WAYS_OUT

TIMEOUT = 20.0  # seconds: the server waits for some of them, on a busy machine
STATE = ("rooms", "names", "clients")

pytestmark = pytest.mark.skipif(
    not holds("server08", newest()), reason="survived since server08"
)


async def test_no_room_no_name_and_no_client_is_kept():
    async with await start(newest(), settings={"GOODBYE": "0.2"}) as server:
        for number, leaves in enumerate(WAYS_OUT):
            caller = await Caller.open(f"foe {number}", server.address)
            await caller.send({"action": "connect", "username": caller.name})
            for room in ("one", "another", "a third"):
                await caller.send({"action": "joinroom", "room": room})
                await caller.hears("joinroom", room=room)
            assert server.state.rooms
            await leaves(caller)
            await server.prints("Client gone.", TIMEOUT, number + 1)
            caller.close()
            kept = {name: value for name in STATE if (value := of(server, name))}
            assert kept == {}


def of(server, name):
    """Return what a step has under a name; not all steps have all of them."""
    return getattr(server.state, name, None)
