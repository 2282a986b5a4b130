"""The load generator: ``python -m bench.generator`` reads a job and prints the answer.

It is a process of its own, so that what it does is no part of what the server costs.
"""

import gc
import sys

from bench.closed import ClosedLoop
from bench.crowd import Crowd
from bench.job import Answer, Job
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
    except (Wrong, WireError) as error:
        answer = Answer(error=str(error))
    print(answer.to_json(), flush=True)


def do(job: Job) -> Answer:
    """Bring the loads of a job; Wrong or WireError if that gives no figure."""
    crowd = Crowd(job)
    try:
        crowd.gather(max(phase.publishers for phase in job.phases))
        crowd.learn()
        crowd.watch(max(1, min(CHECKED, job.members // 4)))
        traffic = Traffic(crowd)
        try:
            loops = [ClosedLoop(traffic, phase, job.pid) for phase in job.phases]
            return Answer(measured=tuple(loop.run() for loop in loops))
        finally:
            traffic.close()
    finally:
        crowd.close()


if __name__ == "__main__":
    main()
