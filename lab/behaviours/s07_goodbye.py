"""Step 07: the server says goodbye properly."""

import asyncio
import itertools
import signal
import socket

from lab.behaviours import AT_FULL_SPEED, since
from lab.behaviours.bench import Bench, expect, expect_success, shown
from lab.client import Client
from lab.unmet import Unmet
from lab.wire import Message, encode

AT_MOST = 5.0  # seconds from Ctrl-C to the end of the process, whatever the clients do
PACE = 0.0005  # seconds from word to word: it is stopped between two, wherever that is
# What one says at once, in how many characters; how often after bye, and in all: some
# steps never end while others talk. The one whom nobody hears says more than the server
# can read, so that something waits unread.
TALK, ALONE = (1, 12, 200, 2000), (100, 1000, 1, 100)
NUMBERS = itertools.count()
HEARD = 30  # of these, before it is stopped


@since(7, needs="exit", hint='send {"action":"bye","reason":...} and then write_eof()')
async def everyone_gets_bye_at_shutdown(bench: Bench) -> None:
    """When the server stops, every client gets bye, then the end of the stream."""
    clients = await bench.clients("alice", "bob", room="tea")
    clients.append(await bench.stranger())
    await bench.ends()
    for client in clients:
        await _hears_bye(client)


@since(
    7,
    settings=AT_FULL_SPEED,
    needs="exit",
    hint="send bye to all without an await; discard further input, and only then close",
)
async def all_members_get_the_same_at_shutdown(bench: Bench) -> None:
    """When the server stops, all clients get the same messages, then bye."""
    talkers = await bench.clients("alice", "bob", room="tea")
    listeners = await bench.clients("cleo", "dora", room="tea")
    (alone,) = await bench.clients("erin", room="milk")
    # Where nobody hears a word, many more of them would only take time.
    await talkers[0].say("tea", "hello")
    await listeners[0].hear("chat")
    talking = [asyncio.create_task(_talk(one, "tea", *TALK)) for one in talkers]
    talking.append(asyncio.create_task(_talk(alone, "milk", *ALONE)))
    try:
        for _ in range(HEARD):
            await listeners[0].hear("chat")
        await bench.ends(within=AT_MOST)
        for client in [*talkers, *listeners, alone]:
            await _hears_bye(client)
    finally:
        for task in talking:
            task.cancel()
        await asyncio.wait(talking)
    first, second = (
        [_said(message) for message in client.heard if message.get("action") == "chat"]
        for client in listeners
    )
    if second != first:
        counts = f"Cleo {len(first)} messages, Dora {len(second)}"
        raise Unmet("Cleo and Dora receive the same messages", counts)


@since(
    7,
    settings=AT_FULL_SPEED,
    needs="exit",
    hint="wait a bounded time for all clients together, then abort() the rest",
)
async def no_client_can_delay_the_exit(bench: Bench) -> None:
    """Ctrl-C ends the process within 5 s, without an error, even if no client reads."""
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
    # A little longer than it may: to say how long it took is worth more.
    ended = await bench.ends(within=AT_MOST + 1.0)
    expect_success(ended)
    seconds = asyncio.get_running_loop().time() - begin
    if seconds > AT_MOST:
        raise Unmet(
            f"the process exits within {AT_MOST:g} s", f"it took {seconds:.1f} s"
        )
    for client in (alice, bob):
        await _hears_bye(client)


@since(
    7,
    needs="exit",
    hint="signal.signal(signal.SIGTERM, ...), and cancel main in the handler",
)
async def sigterm_ends_it_as_ctrl_c_does(bench: Bench) -> None:
    """SIGTERM ends the process without an error, as Ctrl-C does."""
    expect_success(await bench.ends(signal.SIGTERM))


@since(
    7,
    needs="exit",
    hint="handle SIGHUP like SIGTERM, unless signal.getsignal says SIG_IGN",
)
async def sighup_ends_it_as_sigterm_does(bench: Bench) -> None:
    """Closing the terminal (SIGHUP) ends the process without an error."""
    if hangup := getattr(signal, "SIGHUP", None):  # Windows has none
        expect_success(await bench.ends(hangup))


async def _talk(
    client: Client, room: str, at_once: int, size: int, more: int, most: int
) -> None:
    """Send message after message, and some more after the server said bye."""
    try:
        while more and (most := most - 1):
            for _ in range(at_once):
                text = f"{client.name} {next(NUMBERS)}".ljust(size, ".")
                await client.say(room, text)
            await asyncio.sleep(PACE)
            if client.heard and client.heard[-1].get("action") == "bye":
                more -= 1
    except Unmet:
        pass  # the server has hung up, as it should


def _said(message: Message) -> tuple[object, ...]:
    """Return the fields that must be the same for all recipients of a message."""
    return tuple(message.get(field) for field in ("from", "room", "message"))


async def _hears_bye(client: Client) -> None:
    """Raise Unmet unless the client's last message is bye, followed by a clean end."""
    bye = await client.hear("bye")
    if not isinstance(bye.get("reason"), str):
        raise Unmet("a reason in bye", shown(bye.get("reason")))
    await client.hear_the_end()
    expect(client.heard[-1], bye, f"the last message to {client.name}")
    if client.connection.broken:
        got = f"a connection broken off, for {client.name}"
        raise Unmet("the end of the stream", got)
