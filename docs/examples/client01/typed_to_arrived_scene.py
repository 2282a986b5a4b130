"""Records a line from the keyboard of one client01 to the screen of another."""

import asyncio

from lab import Scene, start, story
from lab.host import load

client01 = load(story.find("client01"))


class Keyboard:
    """Stands in for a terminal: a thread would have no part in a simulation."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str | None] = asyncio.Queue()

    async def next_line(self) -> str | None:
        """Return the next line; None at the end."""
        return await self.lines.get()


async def main(scene: Scene) -> None:
    """Let Alice and Bob join a room, and Alice say something."""
    async with await start("05") as server, asyncio.TaskGroup() as tasks:
        keyboards = []
        for name in ("alice", "bob"):
            keyboards.append(keyboard := Keyboard())
            vars(client01)["Typed"] = lambda keyboard=keyboard: keyboard
            person = client01.main(name, *server.address)
            tasks.create_task(person, name=name)
            keyboard.lines.put_nowait("/join tea")
            await asyncio.sleep(1)
        with scene.shown():
            keyboards[0].lines.put_nowait("hello bob")
            await asyncio.sleep(0.5)
        for keyboard in keyboards:
            keyboard.lines.put_nowait("/quit")


scene = Scene("client01: from one keyboard to another screen", main)
scene.mark(
    "typed",
    "A line is typed",
    "The line is in the queue, and that wakes the task that waits for it.",
    lambda now: now.task == "main",
    claims=lambda now: now.woken == ["speak of alice"],
)
scene.mark(
    "sent",
    "speak sends it",
    "speak makes a frame of the line, writes it, and waits for the next line.",
    lambda now: now.task == "speak of alice",
    claims=lambda now: (
        [to for to, _ in now.written] == ["the server"]
        and now.is_at("await self.lines.get()")
    ),
)
scene.mark(
    "relayed",
    "The server relays it",
    "The server's task for Alice has read the frame, and writes one for Bob.",
    lambda now: now.task == "handler of alice",
    claims=lambda now: [to for to, _ in now.written] == ["bob"],
)
scene.mark(
    "shown",
    "Bob sees it",
    "listen, another task of Bob's client, prints the line. His speak waits all along.",
    lambda now: now.task == "listen of bob" and now.printed != "",
    claims=lambda now: (
        now.printed == "[tea] alice: hello bob\n"
        and now.waiting("speak of bob") == "Queue.get"
    ),
)
print(scene.as_json())
