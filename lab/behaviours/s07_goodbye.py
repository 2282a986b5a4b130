"""Step 07: the server says goodbye properly."""

import asyncio
import signal
import socket

from lab.behaviours import since
from lab.behaviours.bench import Bench, expect
from lab.client import Client
from lab.notyet import NotYet
from lab.wire import encode

AT_MOST = 5.0  # seconds from Ctrl-C to the end of the process, whatever the clients do
SAID = 2000, 12  # messages of each talker, and characters: it stops in their midst
ALONE = 4000, 1000  # the same of one whom nobody hears: more than is read by then
HEARD = 30  # of these, before it is stopped
CALM = (0, "")  # an exit status that means success, and nothing on stderr


@since(7, needs="exit", hint='send {"action":"bye","reason":...} and then write_eof()')
async def everyone_hears_that_it_is_over(bench: Bench) -> None:
    """When the server stops, everyone hears bye, and then the end of the stream."""
    clients = await bench.clients("alice", "bob", room="tea")
    clients.append(await bench.stranger())
    await bench.ends()
    for client in clients:
        await _hears_bye(client)


@since(
    7,
    needs="exit",
    hint="say bye to all in one go; read off what still comes, and only then close",
)
async def all_have_heard_the_same_when_it_ends(bench: Bench) -> None:
    """When the server stops while others talk, all hear the same words, then bye."""
    talkers = await bench.clients("alice", "bob", room="tea")
    listeners = await bench.clients("cleo", "dora", room="tea")
    (alone,) = await bench.clients("erin", room="milk")
    talking = [asyncio.create_task(_talk(one, "tea", *SAID)) for one in talkers]
    talking.append(asyncio.create_task(_talk(alone, "milk", *ALONE)))
    try:
        for _ in range(HEARD):
            await listeners[0].hear("chat")
        await bench.ends()
        for client in [*talkers, *listeners, alone]:
            await _hears_bye(client)
    finally:
        for task in talking:
            task.cancel()
        await asyncio.wait(talking)
    first, second = (
        [message for message in client.heard if message.get("action") == "chat"]
        for client in listeners
    )
    expect(second == first, True, "that dora has heard what cleo has heard")


@since(
    7,
    needs="exit",
    hint="wait a bounded time for all clients together, then abort() the others",
)
async def it_ends_whatever_the_clients_do(bench: Bench) -> None:
    """Ctrl-C ends the process in 5 s, without an error, even if others do not read."""
    alice, bob = await bench.clients("alice", "bob", room="tea")
    sleepy, half_closed, in_a_frame, _ = [await bench.call() for _ in range(4)]
    sleepy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    me = encode({"action": "connect", "username": "sleepy"})
    await sleepy.send(me + encode({"action": "joinroom", "room": "tea"}))
    half_closed.finish()
    await in_a_frame.send(b"\x40\0\0half a message")
    for number in range(100):
        await alice.say("tea", f"message {number} ".ljust(30_000, "."))
        await bob.hear("chat")
    begin = asyncio.get_running_loop().time()
    expect(await bench.ends(), CALM, "the exit status and stderr")
    seconds = asyncio.get_running_loop().time() - begin
    if seconds > AT_MOST:
        raise NotYet(f"the end within {AT_MOST:g} s", f"one after {seconds:.1f} s")
    for client in (alice, bob):
        await _hears_bye(client)


@since(
    7,
    needs="exit",
    hint="signal.signal(signal.SIGTERM, ...), and cancel main in the handler",
)
async def sigterm_ends_it_as_ctrl_c_does(bench: Bench) -> None:
    """SIGTERM ends the process without an error, as Ctrl-C does."""
    expect(await bench.ends(signal.SIGTERM), CALM, "the exit status and stderr")


async def _talk(client: Client, room: str, times: int, size: int) -> None:
    try:
        for number in range(times):
            await client.say(room, f"{client.name} {number} ".ljust(size, "."))
    except NotYet:
        pass  # the server has hung up, as it should


async def _hears_bye(client: Client) -> None:
    """NotYet unless the last thing that the client hears is bye, and a clean end."""
    bye = await client.hear("bye")
    expect(isinstance(bye.get("reason"), str), True, "that bye has a reason")
    await client.hear_the_end()
    expect(client.heard[-1], bye, f"the last that {client.name} hears")
    if client.connection.broken:
        got = f"a connection broken off, for {client.name}"
        raise NotYet("the end of the stream", got)
