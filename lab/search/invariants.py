"""What has to hold however a crowd behaves, each with the step from which on it does.

An invariant is a function of a run that yields a sentence for each way in which the run
breaks it. The search stops at the first.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from lab import story
from lab.host import load
from lab.search.crowd import TIMEOUT, Played, Run
from lab.search.plan import BURST, LONG
from lab.story import Step
from lab.wire import Message

Check = Callable[[Run], Iterator[str]]


@cache
def limit(step: str, name: str) -> int:
    """Return a limit as the step has it, for the invariants must not say it again."""
    return int(getattr(load(story.find(step)), name))


def most_unsent() -> int:
    """Return how many bytes may wait for one client, with those of one turn."""
    return limit("06", "MAX_UNSENT") + 3 * LONG


@dataclass(frozen=True)
class Invariant:
    """One thing that always holds."""

    check: Check
    since: str

    @property
    def name(self) -> str:
        """The name of its function."""
        return str(getattr(self.check, "__name__", self.check))

    @property
    def sentence(self) -> str:
        """What holds, as one sentence."""
        return " ".join((self.check.__doc__ or "").split())


INVARIANTS: list[Invariant] = []


def since(step: str) -> Callable[[Check], Check]:
    """State from which step on an invariant holds."""

    def register(check: Check) -> Check:
        INVARIANTS.append(Invariant(check, step))
        return check

    return register


def of(step: Step) -> list[Invariant]:
    """Return those that hold for a step."""
    so_far = story.up_to(step)
    return [invariant for invariant in INVARIANTS if invariant.since in so_far]


@since("server02")
def something_can_always_happen(run: Run) -> Iterator[str]:
    """No task waits without end, and none spins."""
    if run.stuck:
        yield run.stuck


@since("server02")
def who_stays_is_attended_to(run: Run) -> Iterator[str]:
    """A client that stays and does nothing wrong gets its answers and a clean end."""
    for played in run.staying:
        if played.unmet is not None:
            yield f"{played.part.name}: {played.unmet}"


@since("server02")
def everything_is_closed(run: Run) -> Iterator[str]:
    """When all clients are gone, the server has closed its ends of the connections."""
    if run.open_ends:
        yield f"connections that the server left open: {run.open_ends}"


@since("server02")
def nothing_is_left_running(run: Run) -> Iterator[str]:
    """After the server stopped, none of its tasks is left."""
    # From 3.12 on, one that says no goodbye waits for those whose line is dead.
    waits = run.dead_ends and sys.version_info >= (3, 12)
    if run.tasks and not waits:
        yield f"tasks still running: {', '.join(run.tasks)}"


@since("server05")
def nothing_is_lost_between_those_who_stay(run: Run) -> Iterator[str]:
    """Clients that stay get every message of the others that stay, in order."""
    for listener in run.staying:
        for speaker in run.staying:
            if speaker is not listener:
                yield from differences(listener, speaker, whole=True)


@since("server05")
def who_stays_is_heard_in_time(run: Run) -> Iterator[str]:
    """Clients that stay get each other's messages without delay."""
    said = {
        message["message"]: (when, played.part.name)
        for played in run.staying
        for when, message in logged(played, sent=True)
    }
    for played in run.staying:
        for when, message in logged(played, sent=False):
            before, speaker = said.get(str(message.get("message")), (when, ""))
            if when - before > TIMEOUT:
                late = f"{when - before:.0f} s after it was said"
                yield f"{played.part.name} hears {speaker} {late}"


@since("server05")
def who_leaves_is_heard_up_to_a_point(run: Run) -> Iterator[str]:
    """The others get the messages of a client that leaves in order, without a gap."""
    for listener in run.staying:
        for speaker in run.everybody:
            if not speaker.part.stays:
                yield from differences(listener, speaker, whole=speaker.hung_up_on)


@since("server05")
def nobody_hears_a_room_they_are_not_in(run: Run) -> Iterator[str]:
    """No client gets a message from a room that it did not ask to join."""
    for played, message in everything_heard(run):
        if "room" not in message:
            continue  # an error, or bye
        own_answer = message.get("from") == played.part.name
        if message.get("room") not in played.asked and not own_answer:
            yield f"{played.part.name}, in {sorted(played.asked)}, hears {message}"


@since("server05")
def nobody_hears_themself(run: Run) -> Iterator[str]:
    """No client gets its own messages."""
    for played, message in everything_heard(run):
        if is_chat(message) and spoken_by(message) == played.part.name:
            yield f"{played.part.name} hears {shortened(message)}"


@since("server05")
def a_relay_is_true(run: Run) -> Iterator[str]:
    """Relays carry the fields of the protocol and the name of the sender."""
    for played, message in everything_heard(run):
        if not is_chat(message):
            continue
        honest = set(message) == {"action", "room", "message", "from"}
        if not honest or message["from"] != spoken_by(message):
            yield f"{played.part.name} hears {shortened(message)}"


@since("server05")
def who_comes_also_goes(run: Run) -> Iterator[str]:
    """Clients that stay are told of each client that joins, and later that it left."""
    yield from never_gone(run, [p for p in run.everybody if p.part.end != "dead"])


@since("server05")
def what_waits_is_bounded(run: Run) -> Iterator[str]:
    """No client has more unsent bytes than MAX_UNSENT allows."""
    if run.peak > most_unsent():
        yield f"{run.peak} bytes waited for one client"


@since("server07")
def who_stays_hears_that_it_is_over(run: Run) -> Iterator[str]:
    """When the server stops, the clients that stay get bye, then the end."""
    for played in run.staying if run.plan.stopped else []:
        heard = played.client.heard if played.client else []
        last = heard[-1].get("action") if heard else "nothing"
        if played.unmet is None and last != "bye":
            yield f"the last message to {played.part.name} is {last}"
        elif played.client and played.client.connection.broken:
            yield f"the connection of {played.part.name} is reset"


@since("server08")
def what_is_bad_is_answered(run: Run) -> Iterator[str]:
    """A client that sends something invalid gets an error, each time."""
    for played in run.everybody:
        # Who reads nothing may be dropped, and what was on its way is lost. Whoever
        # brings a crowd has only eyes for that one.
        reads = all(act.what not in ("stall", "crowd") for act in played.part.acts)
        whole = reads and not played.broken and played.part.end == "finish"
        heard = played.client.heard if played.client else []
        if whole and not any(message.get("code") == "full" for message in heard):
            errors = sum(message.get("action") == "error" for message in heard)
            if errors < played.bad:
                yield f"{played.part.name} gets {errors} of {played.bad} errors"


@since("server09")
def what_comes_at_once_is_written_at_once(run: Run) -> Iterator[str]:
    """Messages that arrive together leave with few writes."""
    for listener in run.staying:
        heard = len(listener.client.heard) if listener.client else 0
        bursts = sum(_bursts(speaker, listener) for speaker in run.everybody)
        # Other words may come in between, and a long one ends the turn.
        if bursts and listener.writes > heard - bursts * BURST / 2:
            words = f"{listener.writes} writes for {heard} messages"
            yield f"{words} to {listener.part.name}"


@since("server10")
def who_falls_silent_is_let_go(run: Run) -> Iterator[str]:
    """Silent clients and dead connections are disconnected in the end."""
    for played in run.everybody:
        if played.kept:
            yield f"{played.part.name} is silent and still connected"
    if run.dead_ends:
        yield f"dead connections that the server kept: {run.dead_ends}"
    yield from never_gone(run, [p for p in run.everybody if p.part.end == "dead"])


@since("server12")
def nobody_takes_all_places(run: Run) -> Iterator[str]:
    """Of clients that come together, a limited number is let in; the rest get full."""
    for played in run.everybody:
        if played.let_in > limit("12", "MAX_PER_ADDRESS"):
            yield f"{played.part.name} brings {played.let_in}, and all are admitted"
        if played.untold:
            yield f"{played.part.name} brings {played.untold} that get no answer"


# What the checks above are made of.


def never_gone(run: Run, visitors: list[Played]) -> Iterator[str]:
    """Yield where one who stays has heard of a visitor's coming, and not of its end."""
    names = {p.part.name for p in visitors if not p.part.stays}
    for played in run.staying:
        present: set[tuple[str, str]] = set()
        for message in played.client.heard if played.client else []:
            who, room = str(message.get("from")), str(message.get("room"))
            if who not in names:
                continue
            if message.get("action") == "joinroom":
                present.add((who, room))
            elif message.get("action") == "leaveroom":
                # Whoever was there before is in the list of members, not in the news.
                present.discard((who, room))
        for who, room in sorted(present):
            yield f"{played.part.name} never hears that {who} has left {room}"


def _bursts(speaker: Played, listener: Played) -> int:
    """Return how many bursts of the speaker came whole to the listener, and at once."""
    if speaker.part.faults.split or not speaker.hung_up_on or speaker is listener:
        return 0
    heard = heard_from(listener, speaker)
    return speaker.bursts if len(heard) == len(speaker.said) else 0


def said_to(speaker: Played, listener: Played) -> list[str]:
    """Return what was said in rooms when the listener knew that it was in them."""
    return [
        said.text
        for said in speaker.said
        if said.room in listener.joined and said.number > listener.joined[said.room]
    ]


def heard_from(listener: Played, speaker: Played) -> list[str]:
    """Return what the listener heard of the speaker's words."""
    heard = listener.client.heard if listener.client else []
    return [
        str(message.get("message"))
        for message in heard
        if is_chat(message) and spoken_by(message) == speaker.part.name
    ]


def differences(listener: Played, speaker: Played, *, whole: bool) -> Iterator[str]:
    """Yield what is wrong with what was heard; ``whole`` if nothing may be missing."""
    heard = heard_from(listener, speaker)
    words = f"{listener.part.name} hears {speaker.part.name}"
    in_order = [said.text for said in speaker.said if said.text in heard]
    if len(set(heard)) < len(heard):
        yield f"{words} twice: {named(heard)}"
    elif heard != in_order:
        yield f"{words} say {named(heard)}, and not in this order: {named(in_order)}"
    due = said_to(speaker, listener)
    got = [text for text in due if text in heard]
    if got != due[: len(got)] or (whole and len(got) < len(due)):
        missing = [text for text in due if text not in heard]
        yield f"{words} say {len(got)} of {len(due)}; missing: {named(missing)}"


def everything_heard(run: Run) -> Iterator[tuple[Played, Message]]:
    """Yield every message that anybody heard."""
    for played in run.everybody:
        for message in played.client.heard if played.client else []:
            yield played, message


def logged(played: Played, *, sent: bool) -> Iterator[tuple[float, Message]]:
    """Yield what one client has said, or what it has heard others say, and when."""
    for noted in played.client.log if played.client else []:
        if is_chat(noted.message) and noted.sent == sent:
            yield noted.when, noted.message


def is_chat(message: Message) -> bool:
    """Whether it is something that was said."""
    return message.get("action") == "chat"


def spoken_by(message: Message) -> str:
    """Return who really said it: in a crowd, every text names its speaker."""
    return str(message.get("message")).partition(" says ")[0]


def named(said: list[str]) -> list[str]:
    """Return texts without what only makes them long."""
    return [text.rstrip(".") for text in said]


def shortened(message: Message) -> Message:
    """Return a message with its text as ``named`` has it."""
    return {**message, "message": str(message.get("message")).rstrip(".")}
