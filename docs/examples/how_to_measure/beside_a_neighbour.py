"""Times the JSON work of step 09, alone on a core and with five busy neighbours.

The best of several rounds counts: the other rounds were disturbed even more.
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
MESSAGES = 15_000
ROUNDS = 3
NEIGHBOURS = 5


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


def measured() -> tuple[float, float]:
    """Return the wall-clock time and the CPU time of the work, in seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(MESSAGES):
        utils02.encode(utils02.parse(PAYLOAD))
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Take turns: alone, and beside programs that compute without end."""
    alone, beside = [], []
    with on_cpu(SERVER_CPU):
        measured()  # warm up
        for _ in range(ROUNDS):
            alone.append(measured())
            with neighbours():
                beside.append(measured())
    found = [tuple(map(min, *rounds)) for rounds in (alone, beside)]
    print(f"{f'{MESSAGES:,} messages':20}{'wall-clock time':>18}{'CPU time':>12}")
    for name, (wall, cpu) in zip(("alone", "with neighbours"), found, strict=True):
        print(f"{name:20}{wall:16.2f} s{cpu:10.2f} s")
    wall, cpu = (beside / alone for alone, beside in zip(*found, strict=True))
    assert wall > 1.3, f"the neighbours did not disturb: {wall:.2f} times as long"
    assert cpu < wall, f"CPU time grew as much as wall-clock time: {cpu:.2f} times"


if __name__ == "__main__":
    main()
