"""Two people at two terminals, and the lines that each of them sees."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

from lab import start
from lab.host import InLoop
from lab.story import STEPS


async def terminal(name: str, server: InLoop) -> Process:
    """Start client01 as a process for which this program plays the terminal."""
    command = [sys.executable, str(STEPS / "client01.py"), name]
    port = f"--port={server.address[1]}"
    return await asyncio.create_subprocess_exec(*command, port, stdin=PIPE, stdout=PIPE)


async def type_line(person: Process, line: str) -> None:
    """Type one line."""
    assert person.stdin is not None
    person.stdin.write(f"{line}\n".encode())
    await person.stdin.drain()


async def main() -> None:
    """Let Alice and Bob meet in a room, and Alice leave."""
    async with await start("05") as server:
        alice, bob = await terminal("alice", server), await terminal("bob", server)
        watcher = await server.connect("watcher")
        await watcher.join("tea")
        for person in (alice, bob):
            await type_line(person, "/join tea")
            await watcher.hear("joinroom")
        for person, line in ((alice, "hello bob"), (bob, "hello alice")):
            await type_line(person, line)
            await watcher.hear("chat")
        await type_line(alice, "/quit")
        await watcher.hear("leaveroom")
        await type_line(bob, "/quit")
        for person, name in ((alice, "Alice"), (bob, "Bob")):
            screen, _ = await person.communicate()
            print(f"--- {name}'s terminal ---\n{screen.decode()}")


asyncio.run(main())
