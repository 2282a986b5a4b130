"""The load generator: ``python -m bench.generator`` reads a job and prints the answer.

It is a process of its own, so that what it does is no part of what the server costs.
"""

import gc
import sys

from bench.closed_loop import ClosedLoop
from bench.crowd import Crowd
from bench.job import Answer, Closed, Job, Phase
from bench.open_loop import PacedLoop
from bench.pattern import Wrong
from bench.traffic import Traffic
from bench.wires import WireError

CHECKED = 25  # at most: one member in so many is checked frame by frame


def main() -> None:
    """Do one job, which stands in the first line of stdin."""
    job = Job.from_json(sys.stdin.readline())
    gc.disable()  # it makes no cycles, and looking for some takes time
    try:
        answer = do(job)
    except (Wrong, WireError, OSError) as error:  # the last: a server that has ended
        answer = Answer(error=str(error))
    print(answer.to_json(), flush=True)


def do(job: Job) -> Answer:
    """Bring the loads of a job; Wrong or WireError if that gives no figure."""
    crowd = Crowd(job)
    try:
        arrival = crowd.gather(max([phase.publishers for phase in job.phases] or [1]))
        crowd.learn()
        crowd.watch(max(1, min(CHECKED, job.members // 4)))
        traffic = Traffic(crowd)
        try:
            measured = [loop(traffic, phase, job.pid).run() for phase in job.phases]
            return Answer(None, arrival, tuple(measured))
        finally:
            traffic.close()
    finally:
        crowd.close()


def loop(traffic: Traffic, phase: Phase, pid: int) -> ClosedLoop | PacedLoop:
    """Return what brings the load of a phase."""
    if isinstance(phase, Closed):
        return ClosedLoop(traffic, phase, pid)
    return PacedLoop(traffic, phase, pid)


if __name__ == "__main__":
    main()
