"""What notebooks play in a simulation: a coroutine function for each scene.

A notebook's cells define nothing, so they stand here, and a notebook may print them.
``simulation.run`` gives each of them a loop and a network of its own. What a page plays
as well comes from the page's program, which a reader can edit there: a page in a
browser has no notebooks, but a notebook has the programs of all pages beside it.
"""

import asyncio
import errno

from docs.examples.s05_delivery.dead_line import an_hour_alone
from docs.examples.s09_one_write_per_turn.an_hour_of_silence import an_hour_of_silence
from docs.examples.s09_one_write_per_turn.same_turn import the_same_turn
from docs.examples.s09_one_write_per_turn.sends_08 import counted
from docs.examples.s10_silence.pings_picture import a_silence
from docs.examples.s10_silence.watched_picture import a_visit
from docs.examples.s12_crowds.full_picture import a_refusal
from docs.examples.s13_two_servers.under_her_name_picture import under_her_name
from lab import Connection, Sequence, Timeline, Unsent, start
from lab.host import Running
from lab.unmet import Unmet
from lab.wire import encode

__all__ = [
    "a_crowd",
    "a_day",
    "a_flood",
    "a_flood_and_a_word",
    "a_full_line",
    "a_full_room",
    "a_goodbye",
    "a_long_text",
    "a_nap",
    "a_refusal",
    "a_sentence",
    "a_silence",
    "a_visit",
    "an_hour_alone",
    "an_hour_of_silence",
    "complaints",
    "exchange",
    "many_rooms",
    "outbox",
    "tea",
    "tea_in_tasks",
    "the_same_turn",
    "under_her_name",
]


async def a_day() -> None:
    """Ask the loop what time it is, sleep for a day, and ask again."""
    loop = asyncio.get_running_loop()
    print(f"before: {loop.time():.0f} s")
    await asyncio.sleep(24 * 60 * 60)
    print(f"after:  {loop.time():.0f} s")


async def tea() -> Sequence:
    """Let Alice talk to Bob on step 05, print how long it takes, and draw it."""
    loop = asyncio.get_running_loop()
    async with await start("05") as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        for text in ("More tea?", "With milk?", "Or with lemon?"):
            said = loop.time()
            await alice.say("tea", text)
            heard = await bob.hear("chat")
            print(f"Bob hears {heard['message']!r} after {loop.time() - said:.3f} s")
            await asyncio.sleep(1)
    return Sequence.of(alice, bob)


async def tea_in_tasks() -> Timeline:
    """Play the same once more, and record what the tasks do."""
    with Timeline() as timeline:
        await tea()
    return timeline


async def a_sentence() -> None:
    """Say something to step 02, and print in which pieces it hears that."""
    async with await start("02") as server:
        visitor = await server.call()
        await visitor.send(b"More tea? With milk, or with lemon?")
        visitor.finish()
        await server.prints("Client gone.")
        heard = server.printed().splitlines()
        print(*(line for line in heard if line.startswith("Heard")), sep="\n")


async def a_full_room(step: str, talkers: int, each: int) -> None:
    """Let clients talk to 20 listeners, all at once, and print the number of sends."""
    said, heard, sends = await counted(step, talkers, each, listeners=20)
    print(f"step {step}: {said} messages, {heard} deliveries, {sends} sends")


async def outbox() -> None:
    """Let two tasks say two things each, and send once per turn."""
    said: list[str] = []

    def flush() -> None:
        print("send", *said)
        said.clear()

    async def talk(name: str) -> None:
        for number in (1, 2):
            if not said:
                asyncio.get_running_loop().call_soon(flush)
            said.append(f"{name}-{number}")
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk("alice"))
        tasks.create_task(talk("bob"))


async def exchange(step: str) -> float:
    """Return how many seconds it takes to say something and to hear the answer."""
    async with await start(step) as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        begin = asyncio.get_running_loop().time()
        for _ in range(200):
            await alice.say("tea", "Can you hear me?")
            await bob.hear("chat")
            await bob.say("tea", "I can.")
            await alice.hear("chat")
        return (asyncio.get_running_loop().time() - begin) / 200


async def a_flood(step: str) -> None:
    """Let Alice send a hundred messages together; print how many Bob has, and when."""
    async with await start(step) as server:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await bob.join("tea")
        await alice.join("tea")
        await asyncio.sleep(1)
        await alice.connection.send(_chats(100))
        for second in range(1, 10):
            await asyncio.sleep(1)
            heard = sum(message["action"] == "chat" for message in bob.heard)
            print(f"step {step}: after {second} s, Bob has {heard}")
            if heard == 100:
                break


async def a_full_line(step: str) -> None:
    """Let Mallory send for five seconds, as fast as she can; print where it waits."""
    loop = asyncio.get_running_loop()
    async with await start(step) as server:
        alice = await server.connect("alice")
        await alice.join("tea")
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(encode({"action": "connect", "username": "mallory"}))
        writer.write(encode({"action": "joinroom", "room": "tea"}))
        talking = asyncio.create_task(_talks(writer, chats=1000))
        await asyncio.sleep(5)
        kept = writer.transport.get_write_buffer_size()
        far = loop.network.facing(writer.get_extra_info("sockname"))
        theirs = next(c for c in server.module.CLIENTS if c.name == "mallory")
        reading = theirs.writer.transport.is_reading()
        print(f"step {step} reads from her: {reading}")
        line = far.peer.on_the_way
        print(f"on the way: {line // 1024} KiB; in her buffer: {kept // 1024} KiB")
        print("she has sent everything:", talking.done())
        talking.cancel()
        writer.transport.abort()


async def _talks(writer: asyncio.StreamWriter, chats: int) -> None:
    for _ in range(chats):
        writer.write(_chats(1, "x" * 1000))
        await writer.drain()


async def a_flood_and_a_word() -> Timeline:
    """Let Alice send thirty messages together to step 11, and Bob three now and then.

    The first of the two tasks is hers.
    """
    with Timeline(only=("client_connected",)) as timeline:
        async with await start("11") as server:
            alice, bob = await server.connect("alice"), await server.connect("bob")
            await alice.join("tea")
            await bob.join("tea")
            await alice.connection.send(_chats(30))
            for _ in range(3):
                await asyncio.sleep(0.25)
                await bob.say("tea", "hello")
            await asyncio.sleep(0.55)
    return timeline


def _chats(many: int, text: str = "hello") -> bytes:
    return encode({"action": "chat", "room": "tea", "message": text}) * many


async def a_nap(seconds: float, step: str = "06") -> Unsent:
    """Let Alice talk for two minutes, while Dora reads nothing for some of them."""
    async with await start(step) as server, asyncio.TaskGroup() as tasks:
        alice, bob = await server.connect("alice"), await server.connect("bob")
        await alice.join("tea")
        await bob.join("tea")
        dora = await server.call()
        await dora.send(encode({"action": "connect", "username": "dora"}))
        await dora.send(encode({"action": "joinroom", "room": "tea"}))
        sleeping = tasks.create_task(_read_but_for(seconds, dora))
        with Unsent.of(bob, dora=dora) as unsent:
            for _ in range(1200):
                await alice.say("tea", "x" * 2000)
                await asyncio.sleep(0.1)
        sleeping.cancel()
    return unsent


async def _read_but_for(seconds: float, reader: Connection) -> None:
    try:
        async with asyncio.timeout(5):
            while await reader.receive():
                pass
    except TimeoutError:
        await asyncio.sleep(seconds)
    while await reader.receive():
        pass


async def a_long_text(step: str) -> None:
    """Let Mallory say two megabytes and then hello, and print who is there after it."""
    async with await start(step) as server:
        alice, bob, mallory = [
            await server.connect(name) for name in ("alice", "bob", "mallory")
        ]
        for client in (alice, bob, mallory):
            await client.join("tea")
        chat = {"action": "chat", "room": "tea"}
        frames = [encode({**chat, "message": text}) for text in ("x" * 2**21, "hello")]
        try:
            await mallory.connection.send(b"".join(frames))
        except Unmet:
            pass  # hung up on before it was all sent
        await asyncio.sleep(60)
        cleo = await server.connect("cleo")
        others = {*(await cleo.join("tea"))["members"]} - {"cleo"}
        print(f"step {step}: a minute later Cleo meets", *sorted(others))


async def a_goodbye(*, asleep: bool, step: str = "07", **settings: str) -> Timeline:
    """Stop a step while two clients are connected, one of which may read nothing.

    Print the last message that Alice gets, and when ``main`` is done.
    """
    loop = asyncio.get_running_loop()
    with Timeline(only=(f"server{step}", "client_connected")) as timeline:
        async with await start(step, settings=settings) as server:
            alice = await server.connect("alice")
            await alice.join("tea")
            await (_falls_asleep if asleep else _reads)(server)
            for _ in range(10):
                await alice.say("tea", "x" * 30_000)
            await alice.join("tea")  # the answer comes after all of these
            server.main.cancel()
            begin = loop.time()
            await asyncio.wait({server.main}, timeout=60)
            state = "has ended" if server.main.done() else "still runs"
            print(f"main {state} after {loop.time() - begin:.1f} s")
            print("the last that Alice got:", alice.heard[-1]["action"])
    return timeline


async def _reads(server: Running) -> None:
    bob = await server.connect("bob")
    await bob.join("tea")


async def _falls_asleep(server: Running) -> None:
    dora = await server.call()
    await dora.send(encode({"action": "connect", "username": "dora"}))
    await dora.send(encode({"action": "joinroom", "room": "tea"}))
    await server.prints("connected", times=2)


async def a_crowd(step: str, calls: int) -> None:
    """Let one computer connect and log in this often; count the admitted clients."""
    async with await start(step) as server:
        clients = [await server.connect(f"guest {number}") for number in range(calls)]
        await asyncio.sleep(1)
        told = sum("full" in str(client.heard) for client in clients)
        inside = len(server.module.NAMES)
        print(f"step {step}: of {calls}, {inside} are admitted, {told} are refused")


async def many_rooms(rooms: int) -> None:
    """Let Alice join this many rooms of step 12, and then the first one again."""
    async with await start("12") as server:
        alice = await server.connect("alice")
        for number in [*range(1, rooms + 1), 1]:
            await alice.send({"action": "joinroom", "room": f"{number}"})
            answer = await alice.hear()
            if answer["action"] == "error" or number == 1:
                print("room", number, "-", answer.get("code", "joined"))


async def complaints(seconds: int) -> None:
    """Report an error to step 12 per second, as asyncio does without a descriptor."""
    loop = asyncio.get_running_loop()
    async with await start("12") as server:
        server.printed()
        complain = server.module.ExceptionHandler()
        error = OSError(errno.EMFILE, "Too many open files")
        for _ in range(seconds):
            complain(loop, {"message": "out of system resource", "exception": error})
            await asyncio.sleep(1)
        print(server.printed())


async def two_sleepers() -> None:
    """Let two tasks sleep, one for a second and one for two."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sleeper(1), name="one second")
        tasks.create_task(sleeper(2), name="two seconds")


async def sleeper(seconds: float) -> None:
    """Sleep, in a function of our own: the stepper shows its lines."""
    await asyncio.sleep(seconds)
