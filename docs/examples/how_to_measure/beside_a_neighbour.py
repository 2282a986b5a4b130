"""Times the JSON work of step 09, alone on a core and with five busy neighbours.

A piece of the work was alone if the clock on the wall shows hardly more than its CPU
time. Otherwise another program ran on this core, and we measure that piece again.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.peers.peer import SERVER_CPU
from bench.process import CPUS, PINNED, on_cpu
from lab import story
from lab.host import load

utils02 = load(story.find("utils02"))
PAYLOAD = b'{"action": "chat", "room": "tea", "message": "hello"}'
MESSAGES, PIECES = 5_000, 20  # a piece takes about a millisecond
NEIGHBOURS = 5
ALONE = 1.2  # times the CPU time: a piece that takes longer was not alone
TRIES, PAUSE = 1_000, 0.01  # for one piece; seconds between two of them
ROUNDS = 5  # with neighbours

Times = tuple[float, float]  # wall-clock time and CPU time, in milliseconds


@contextmanager
def neighbours() -> Iterator[None]:
    """Keep our core busy in the block; keep all cores busy if we cannot choose one."""
    others = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(NEIGHBOURS * (1 if PINNED else CPUS))
    ]
    try:
        time.sleep(0.3)  # until they have started
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def measured(messages: int = MESSAGES) -> Times:
    """Return the wall-clock time and the CPU time of the work."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(messages):
        utils02.encode(utils02.parse(PAYLOAD))
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def alone() -> Times:
    """Return the times of the work, put together from pieces that were alone."""
    pieces = [undisturbed(MESSAGES // PIECES) for _ in range(PIECES)]
    return sum(wall for wall, _ in pieces), sum(cpu for _, cpu in pieces)


def undisturbed(messages: int) -> Times:
    """Return the times of the first try in which no other program got the core."""
    for _ in range(TRIES):
        wall, cpu = measured(messages)
        if wall <= ALONE * cpu:
            return wall, cpu
        time.sleep(PAUSE)
    sys.exit(f"This machine is too busy: no piece was alone in {TRIES} tries.")


def beside() -> Times:
    """Return the times of the median round beside programs that never pause."""
    with neighbours():
        return sorted(measured() for _ in range(ROUNDS))[ROUNDS // 2]


def main() -> None:
    """Measure both, and print them."""
    with on_cpu(SERVER_CPU):
        measured()  # warm up
        found = {"alone": alone(), "with neighbours": beside()}
    print(f"{f'{MESSAGES:,} messages':20}{'wall-clock time':>18}{'CPU time':>12}")
    for name, (wall, cpu) in found.items():
        print(f"{name:20}{wall:15.0f} ms{cpu:9.0f} ms")
    wall, cpu = (after / before for before, after in zip(*found.values(), strict=True))
    assert wall > 2, f"the neighbours did not disturb: {wall:.2f} times as long"
    assert cpu < wall / 1.5, f"CPU time grew as well: {cpu:.2f} and {wall:.2f} times"


if __name__ == "__main__":
    main()
