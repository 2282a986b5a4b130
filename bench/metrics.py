"""Takes single figures out of what a run came to, in the units of the tables."""

from collections.abc import Callable
from math import inf

from bench.job import Answer, Arrival, Delays, Throughput

MILLION = 1_000_000
KIB = 1024  # bytes
MIB = KIB * KIB

Pick = Callable[[Answer], float]


def throughput(answer: Answer, phase: str) -> Throughput:
    """Return what was measured in a phase; LookupError if there was none such."""
    for measured in answer.measured:
        if isinstance(measured, Throughput) and measured.name == phase:
            return measured
    raise LookupError(phase)


def delays(answer: Answer) -> Delays:
    """Return what the paced phase came to; LookupError if there was none."""
    for measured in answer.measured:
        if isinstance(measured, Delays):
            return measured
    raise LookupError("no paced phase")


def arrival(answer: Answer) -> Arrival:
    """Return what it took to let the crowd in; LookupError if there were too few."""
    if answer.arrival is None:
        raise LookupError("too few to say")
    return answer.arrival


def cpu(phase: str) -> Pick:
    """Pick the server's CPU seconds for a million deliveries."""

    def pick(answer: Answer) -> float:
        measured = throughput(answer, phase)
        return measured.server / measured.deliveries * MILLION

    return pick


def speed(phase: str) -> Pick:
    """Pick the deliveries per second."""

    def pick(answer: Answer) -> float:
        measured = throughput(answer, phase)
        return measured.deliveries / measured.seconds

    return pick


def generator(phase: str) -> Pick:
    """Pick the part of one core that the generator was at work, in per cent."""

    def pick(answer: Answer) -> float:
        measured = throughput(answer, phase)
        return 100 * measured.generator / measured.seconds

    return pick


def delay(number: int) -> Pick:
    """Pick one of the delays, in milliseconds."""
    return lambda answer: 1000 * delays(answer).delays[number]


def late(answer: Answer) -> float:
    """Pick by how much the generator itself was late, in milliseconds."""
    return 1000 * delays(answer).late


def memory_each(answer: Answer) -> float:
    """Pick the memory of one connection, in KiB."""
    return arrival(answer).memory / arrival(answer).connections / KIB


def admitted(answer: Answer) -> float:
    """Pick how many connections were let in, in a second."""
    return arrival(answer).connections / arrival(answer).seconds


def cpu_each(answer: Answer) -> float:
    """Pick the CPU time of letting one connection in, in microseconds."""
    return arrival(answer).server / arrival(answer).connections * MILLION


def share(answer: Answer) -> float:
    """Pick how much of what was said was heard, in per cent."""
    return 100 * delays(answer).deliveries / delays(answer).expected


def growth(answer: Answer) -> float:
    """Pick the most by which the server's memory grew, in MiB."""
    return delays(answer).growth / MIB


def growth_left(answer: Answer) -> float:
    """Pick by how much the server's memory had grown at the end, in MiB."""
    return delays(answer).growth_left / MIB


def dropped(answer: Answer) -> float:
    """Pick after how many seconds the silent were hung up on; infinity for never."""
    after = delays(answer).dropped
    return inf if after is None else after


def summary(answer: Answer) -> str:
    """Return the main figures of one run, in a line."""
    parts = []
    for one in answer.measured:
        if isinstance(one, Throughput):
            parts.append(f"{one.name} {cpu(one.name)(answer):.2f} µs per delivery")
        else:
            parts.append(f"{one.name} {delay(0)(answer):.2f} ms, {share(answer):.0f} %")
    if answer.arrival is not None and not parts:
        parts.append(f"{memory_each(answer):.1f} KiB a connection")
    return ", ".join(parts)
