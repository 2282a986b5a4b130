"""A chat as somebody plays it: the chosen person, the clock, and what was refused."""

import contextlib
from collections.abc import Callable, Mapping

from lab import story
from lab.play.chat import FIRST, PEOPLE, Chat, Event
from lab.play.notes import Notes
from lab.simulation import Killed, Spinning, Stuck
from lab.story import CannotDo, Step

LONGEST = 0.25  # seconds that pass at once, however late the screen is
LATER = 70.0  # seconds: longer than any step waits for somebody
DONE = {
    "pause": "stops reading",
    "resume": "reads again",
    "cut": "the cable is pulled",
    "reset": "resets the connection",
    "return": "comes back",
    "much": "says much at once",
}
OVER = (Stuck, Spinning, Killed)  # what a server does to its loop
WRONG = (ValueError, LookupError, OSError, CannotDo)


class Session:
    """One chat at a time; ``refused`` says what could not be done.

    ``hint`` says why nothing seems to happen.
    """

    def __init__(self, step: str, settings: Mapping[str, str] | None = None) -> None:
        self.chosen = PEOPLE[0]
        self.still = False  # time is stopped
        self.refused = self.hint = ""
        self.notes = Notes()
        self._settings = dict(settings or {})
        self._over = False  # the simulation cannot go on
        self.chat = self._begun(step)
        self.state = self.chat.state()

    def close(self) -> None:
        """End the chat."""
        with contextlib.suppress(*OVER):
            self.chat.close()

    # -- time

    def tick(self, seconds: float) -> bool:
        """Let real time pass, and return whether there is something new to show."""
        if self.still:
            return False
        before = self.state
        news = self._advance(min(seconds, LONGEST))
        return news or _shown(before) != _shown(self.state)

    def _advance(self, seconds: float = 0.0) -> bool:
        if self._over:
            return False
        try:
            events = self.chat.advance(seconds)
        except OVER as error:
            self._over = True
            self.notes.note("the server cannot go on; F7 starts it again")
            self.refused = str(error).partition("\n")[0]
            return True
        self.notes.take(events)
        self.state = self.chat.state()
        return bool(events)

    # -- what a key does

    def choose(self, who: str) -> None:
        """Let what is typed belong to this person."""
        self.chosen = who
        self.refused = self.hint = ""

    def turn(self, by: int) -> None:
        """Choose the next person, or the one before."""
        self.choose(PEOPLE[(PEOPLE.index(self.chosen) + by) % len(PEOPLE)])

    def say(self, text: str) -> None:
        """Say a line as the chosen person."""
        if line := " ".join(text.splitlines()).strip():
            self._try(lambda: self._say(line))

    def press(self, action: str) -> None:
        """Do what a key does; see ``lab.play.keys``."""
        if action == "read":
            reads = self.state["people"][self.chosen]["reads"]
            action = "pause" if reads else "resume"
        whole = {"server": self._server, "time": self._time, "later": self._later}
        self._try(whole.get(action, lambda: self._do(action)))

    def open(self, step: str) -> None:
        """Begin the same chat again with another step."""
        self._try(lambda: self._begin(step, Notes()))

    @property
    def again(self) -> set[str]:
        """The actions of keys that take back what they have done."""
        ways = {
            "read": not self.state["people"][self.chosen]["reads"],
            "server": not self.up,
            "time": self.still,
        }
        return {action for action, is_so in ways.items() if is_so}

    @property
    def up(self) -> bool:
        """Whether the server serves."""
        return bool(self.state["server"] == "up") and not self._over

    @property
    def ended(self) -> str:
        """Say how it is with a server that does not serve."""
        words = {"stopping": "is stopping", "hangs": "does not stop: it hangs"}
        return words.get(self.state["server"], "is stopped")

    def _try(self, act: Callable[[], object]) -> None:
        self.refused = self.hint = ""
        try:
            act()
        except WRONG as error:
            self.refused = str(error.args[0] if error.args else error)
            return
        if not self.still:
            self._advance()

    def _say(self, text: str) -> None:
        self.chat.say(self.chosen, text)
        self._wait("the line is sent")

    def _do(self, action: str) -> None:
        self.chat.do(action, self.chosen)
        self.notes.note(DONE[action], self.chosen)
        self._wait("it happens")

    def _wait(self, what: str) -> None:
        if self.still:
            self.hint = f"Time stands still: {what} when it goes on (F8)"

    def _server(self) -> None:
        if not self.up:
            self.notes.note("starts again, and everybody connects")
            self._begin(self.chat.step.name, self.notes)
            return
        self.chat.do("stop")
        self.notes.note("Ctrl-C")
        self._wait("it happens")

    def _time(self) -> None:
        self.still = not self.still

    def _later(self) -> None:
        self._advance(LATER)

    def _begun(self, step: str) -> Chat:
        chat = Chat(step, self._settings)
        self.notes.take(chat.advance())
        return chat

    def _begin(self, step: str, notes: Notes) -> None:
        before, self.notes = self.notes, notes
        try:
            chat = self._begun(step)
        except WRONG:
            self.notes = before
            raise
        self.close()
        self.chat, self._over = chat, False
        self.state = chat.state()


def _shown(state: Event) -> Event:
    """Return what is shown of a state: of its time, only whole seconds."""
    return state | {"time": int(state["time"])}


def steps() -> list[Step]:
    """Return the steps that have a chat, in their order."""
    servers = (step for step in story.steps() if step.kind in ("server", "side"))
    return [step for step in servers if step.number >= FIRST]


class NoChat(CannotDo):
    """A step has no chat to play with; the text says which have one."""


def playable(name: str) -> Step:
    """Return a step; NoSuchStep, or NoChat if it has no chat."""
    step = story.find(name)
    if step not in steps():
        numbers = ", ".join(one.number for one in steps() if one.kind == "server")
        raise NoChat(f"{step.name} has no chat to play with; these have one: {numbers}")
    return step
