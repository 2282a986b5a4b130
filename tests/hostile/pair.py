"""The two who simply want to talk, as a process of their own.

In that of the hostile, they would wait for the hostile as much as for the server. Each
says numbers, at a steady pace, and knows which one it has to hear next.

The first line on stdin says where the server is. For each of those that follow, the
process prints a report of what has happened since the one before; if the line is
``end``, it waits for the end of both connections before that.
"""

import asyncio
import contextlib
import itertools
import json
import math
import statistics
import sys
import time

from lab.client import Client, connect
from lab.unmet import Unmet
from lab.wire import Message

ROOM = "the two"
NAMES = ("alice", "bob")
TIMEOUT = 10.0  # seconds: silence for so long is a loss


class Place:
    """Where a server listens, for whoever only knows that."""

    def __init__(self, host: str, port: str) -> None:
        self.address = host, int(port)


class Speaker:
    """One of the two: says numbers, and notes those that it hears."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.said: list[float] = []  # when each number was
        self.heard = 0  # numbers of the other
        self.news = asyncio.Event()
        self.wrong: list[str] = []
        self.bye = False
        self.ended = False

    async def talk(self, pace: float) -> None:
        """Say one number after the other, with so many seconds between them."""
        try:
            for number in itertools.count():
                self.said.append(time.perf_counter())
                await self.client.say(ROOM, str(number))
                await asyncio.sleep(pace)
        except Unmet:
            pass  # a hang-up: what was said before it is still to be listened to

    async def listen(self, other: "Speaker", latencies: list[float]) -> None:
        """Expect one number after the other, until the connection ends."""
        try:
            while True:
                self._hear(await self.client.hear(), other, latencies)
        except Unmet as end:
            if not self.bye:
                self.wrong.append(f"{self.client.name}: {end}")
            self.ended = True
            self.news.set()

    def _hear(self, message: Message, other: "Speaker", latencies: list[float]) -> None:
        sender, action = message.get("from"), message["action"]
        self.bye = self.bye or action == "bye"
        if action == "error" or sender == self.client.name:
            self.wrong.append(f"{self.client.name} heard {message}")
        if action == "chat" and sender == other.client.name:
            latencies.append(time.perf_counter() - other.said[self.heard])
            expected = {"room": ROOM, "message": str(self.heard)}
            if not message.items() >= expected.items():
                self.wrong.append(f"{self.client.name} heard {message}: {expected}")
            self.heard += 1
            self.news.set()

    async def has_heard(self, count: float) -> None:
        """Wait until so many numbers of the other have come, or no more can."""
        try:
            async with asyncio.timeout(TIMEOUT):
                while self.heard < count and not self.ended:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            words = f"{self.heard} numbers, not {count}"
            self.wrong.append(f"{self.client.name} heard {words}")


class Pair:
    """The two, and what has been measured since the last report."""

    def __init__(self, alice: Speaker, bob: Speaker) -> None:
        self.alice, self.bob = alice, bob
        self.latencies: list[float] = []
        self.reported = 0

    async def run(self, pace: float) -> None:
        """Talk and report, until there are no more lines on stdin."""
        async with asyncio.TaskGroup() as tasks:
            going = [
                tasks.create_task(doing)
                for doing in (
                    self.alice.talk(pace),
                    self.bob.talk(pace),
                    self.alice.listen(self.bob, self.latencies),
                    self.bob.listen(self.alice, self.latencies),
                )
            ]
            while line := await asyncio.to_thread(sys.stdin.readline):
                report = await self.report(until_end=line.strip() == "end")
                print(json.dumps(report), flush=True)
            for task in going:
                task.cancel()

    async def report(self, *, until_end: bool) -> dict[str, object]:
        """Wait until all that was said is heard; return how it went."""
        if not self.wrong:
            to_alice, to_bob = len(self.bob.said), len(self.alice.said)
            await self.alice.has_heard(math.inf if until_end else to_alice)
            await self.bob.has_heard(math.inf if until_end else to_bob)
        heard = self.alice.heard + self.bob.heard - self.reported
        self.reported += heard
        latencies = self.latencies or [0.0]
        report = {
            "heard": heard,
            "wrong": self.wrong,
            "median": 1000 * statistics.median(latencies),  # milliseconds
            "longest": 1000 * max(latencies),
            "bye": self.alice.bye and self.bob.bye,
        }
        self.latencies.clear()
        return report

    @property
    def wrong(self) -> list[str]:
        """What has gone wrong for either, since the beginning."""
        return self.alice.wrong + self.bob.wrong


async def main(pace: str) -> None:
    """Read where the server is, connect the two, have them meet, and let them talk."""
    line = sys.stdin.readline()
    if not line:
        return  # there is no server: it has not come up
    place = Place(*line.split())
    speakers = [Speaker(await connect(place, name, TIMEOUT)) for name in NAMES]
    try:
        for speaker in speakers:
            await speaker.client.join(ROOM)
        await Pair(*speakers).run(float(pace))
    finally:
        for speaker in speakers:
            await speaker.client.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
