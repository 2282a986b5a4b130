"""The chat in a terminal: real keys, and the screen that they lead to."""

import asyncio
import itertools
import os
import re
import signal
import struct
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from strict import STRICT, complaints

from lab import story
from lab.play import columns, fitting, keys
from lab.play.chat import FIRST
from lab.play.notes import Notes, visible
from lab.play.session import LATER, Session, playable, steps
from lab.play.terminal import Screen
from lab.simulation import Spinning
from lab.story import ROOT

PATIENT = 30.0  # seconds for what has to happen: a busy machine is no failure

F = {
    "F1": "\x1bOP",
    "F2": "\x1bOQ",
    "F3": "\x1bOR",
    "F4": "\x1bOS",
    "F5": "\x1b[15~",
    "F6": "\x1b[17~",
    "F7": "\x1b[18~",
    "F8": "\x1b[19~",
    "F9": "\x1b[20~",
    "F10": "\x1b[21~",
}
TAB, BACK_TAB, ENTER, ESCAPE, DOWN = "\t", "\x1b[Z", "\r", "\x1b", "\x1b[B"


class Terminal(DummyOutput):
    """A terminal of some size that nobody looks at."""

    size = Size(rows=30, columns=100)

    def get_size(self):
        return self.size


class Player:
    """Presses keys, and looks at the screen."""

    def __init__(self, screen, pipe, terminal):
        self.screen, self.session = screen, screen.session
        self._pipe, self._terminal = pipe, terminal
        self._drawn = asyncio.Event()
        screen.app.after_render += lambda _: self._drawn.set()

    def press(self, *pressed):
        for each in pressed:
            self._pipe.send_text(F.get(each, each))

    def resize(self, width, height):
        self._terminal.size = Size(rows=height, columns=width)
        self.screen.app._on_resize()

    @property
    def rows(self):
        """The rows of the screen, as they were drawn last."""
        last = self.screen.app.renderer.last_rendered_screen
        if last is None:
            return []
        width, height = self._terminal.size.columns, self._terminal.size.rows
        return [
            "".join(last.data_buffer[y][x].char for x in range(width)).rstrip()
            for y in range(height)
        ]

    @property
    def text(self):
        return "\n".join(self.rows)

    def column(self, who):
        """Return the text of a column, where all three are side by side."""
        place = ("alice", "bob", "cleo").index(who)
        parted = [re.split(r"(?<![·█░])│", row) for row in self.rows]
        return "\n".join(row[place].strip() for row in parted if len(row) >= 3)

    async def until(self, condition):
        """Wait until something is so on the screen; a string has to be there."""
        if isinstance(condition, str):
            text, condition = condition, lambda: text in self.text
        try:
            async with asyncio.timeout(PATIENT):
                while not condition():
                    self._drawn.clear()
                    await self._drawn.wait()
        except TimeoutError:
            pytest.fail(f"this never came on the screen; there is:\n{self.text}")

    async def hears(self, who, line):
        await self.until(lambda: line in self.column(who))


@asynccontextmanager
async def played(step="05", width=100, height=30, **settings):
    """Give a player of the chat, whose screen has been drawn."""
    terminal = Terminal()
    terminal.size = Size(rows=height, columns=width)
    session = Session(step, settings)
    try:
        with create_pipe_input() as pipe:
            screen = Screen(session, pipe, terminal)
            player = Player(screen, pipe, terminal)
            async with asyncio.timeout(2 * PATIENT):
                player.running = asyncio.create_task(screen.run())
                try:
                    await player.until(session.chat.step.name)
                    yield player
                finally:
                    screen.quit()
                    await player.running
    finally:
        session.close()


# The chat.


async def test_three_people_talk():
    async with played() as player:
        player.press(
            "Is anyone there?", ENTER, TAB, "Yes.", ENTER, TAB, "Me too", ENTER
        )
        for who, lines in {
            "alice": ["» Is anyone there?", "bob: Yes.", "cleo: Me too"],
            "bob": ["alice: Is anyone there?", "» Yes.", "cleo: Me too"],
            "cleo": ["alice: Is anyone there?", "bob: Yes.", "» Me too"],
        }.items():
            await player.until(
                lambda who=who, lines=lines: all(
                    line in player.column(who) for line in lines
                )
            )
        # The frame, as it was written: its size in three bytes, and JSON.
        found = r"bob → server  34 00 00  \{\"action\": \"chat\", .*\"Yes\.\""
        assert re.search(found, player.text)
        assert "New client connected!" in player.text


async def test_a_line_that_is_half_typed_stays_with_its_person():
    async with played() as player:
        player.press("Hel", TAB, BACK_TAB, BACK_TAB)
        await player.until("Cleo says:")
        player.press(TAB)
        await player.until("Alice says: Hel")
        player.press("lo", ENTER)
        await player.hears("bob", "alice: Hello")


@pytest.mark.parametrize(("step", "hears"), [("05", False), ("06", True)])
async def test_who_does_not_read_stops_the_others_up_to_step_05(step, hears):
    async with played(step, width=80, height=24) as player:
        player.press(TAB, "F2", TAB, "F6")
        mark = r"^!server (70|4\d\d) \+ wire 64 KiB$"  # step 06 keeps more
        await player.until(lambda: re.search(mark, player.column("bob"), re.M))
        player.press(BACK_TAB, BACK_TAB)
        # The first question may come to Cleo before the server waits for Bob.
        player.press("Cleo?", ENTER, "Are you there?", ENTER)
        await player.until("» Are you there?")
        player.press("F9")
        await player.until(lambda: re.search(r" 7\d s$", player.rows[0]))
        assert ("alice: Are you there?" in player.column("cleo")) is hears
        assert ("unsent" in player.column("cleo")) is not hears
        player.press(TAB, "F2")  # reads again
        await player.hears("cleo", "alice: Are you there?")


async def test_time_is_stopped_and_goes_on():
    async with played() as player:
        player.press("F8")
        await player.until("time stands still")
        now = player.session.chat.time
        player.press("Hello", ENTER)
        await player.until("Time stands still: the line is sent when it goes on (F8)")
        player.press("F3")
        await player.until("Time stands still: it happens when it goes on (F8)")
        assert not player.session.tick(0.2)
        assert player.session.chat.time == now
        assert "Hello" not in player.column("bob")
        player.press("F8")
        await player.until(lambda: player.session.chat.time > now)
        await player.until(lambda: "time stands still" not in player.text)


async def test_a_minute_later_who_is_silent_is_dropped():
    async with played("10") as player:
        player.press(TAB, "F2", "F9")
        await player.until("not reading, dropped")
        await player.hears("alice", "· bob has left")
        assert LATER <= player.session.chat.time < 2 * LATER


async def test_the_cable_is_pulled_and_somebody_comes_back():
    async with played() as player:
        player.press("F3")
        await player.until("unplugged")
        player.press("F5")
        await player.hears("bob", "· alice has joined")
        assert "comes back" in player.column("alice")


async def test_a_reset_is_noticed_and_what_cannot_be_done_is_said():
    async with played() as player:
        player.press("F5")
        await player.until("Alice is in the chat already")
        player.press("F4")
        await player.hears("bob", "· alice has left")
        player.press("F4")
        await player.until("Alice is not in the chat")
        player.press(TAB, BACK_TAB)
        await player.until("Enter: Alice says it.")
        player.press("Hello?", ENTER)
        await player.until("Alice is not in the chat")
        player.press(TAB)
        await player.until("Enter: Bob says it.")


async def test_the_server_is_stopped_and_started_again():
    async with played("07") as player:  # which stops in the same way on every Python
        player.press("Hello", ENTER)
        await player.hears("bob", "alice: Hello")
        player.press("F7")
        await player.until("the server is stopped")
        assert "start server" in player.text
        await player.until("Client gone.")
        player.press("F5")
        await player.until("! has left: ")
        player.press("F7")
        await player.until("the server prints")
        player.press("Hello again", ENTER)
        await player.hears("bob", "alice: Hello again")
        assert "alice: Hello\n" in player.column("bob")


async def test_another_step_begins_the_chat_again():
    async with played() as player:
        player.press("Hello", ENTER, "F10")
        await player.until("Which step?")
        player.press("x", ESCAPE)
        await player.hears("bob", "alice: Hello")
        player.press("F10", DOWN, DOWN, ENTER)
        await player.until("server07  The server says goodbye.")
        assert "Hello" not in player.text
        assert player.session.chat.step.name == "server07"


async def test_settings_stay_with_the_steps_that_have_them():
    async with played("06", MAX_UNSENT="1000") as player:
        player.press("F10", DOWN, ENTER)
        await player.until("server07")
        player.press("F10", "\x1b[A", "\x1b[A", ENTER)
        await player.until("there is no setting MAX_UNSENT")
        assert player.session.chat.step.name == "server07"
        player.press("Still here", ENTER)
        await player.hears("bob", "alice: Still here")


async def test_a_server_that_spins_can_be_started_again(monkeypatch):
    def spin(_seconds):
        raise Spinning("100000 turns and no time has passed; more about that")

    async with played() as player:
        monkeypatch.setattr(player.session.chat, "advance", spin)
        await player.until("the server cannot go on; F7 starts it again")
        player.press("F7", "Hello", ENTER)
        await player.hears("bob", "alice: Hello")


async def test_letters_with_ctrl_do_the_same_as_function_keys():
    async with played() as player:
        player.press("\x18\x15")  # to Emacs, these two are one
        await player.hears("bob", "· alice has left")
        player.press("\x0e\x12")
        await player.until("read again")
        player.press("\x14")
        await player.until("time stands still")
        player.press("\x07")
        await player.until("What the keys do")


async def test_help_is_left_by_any_key():
    async with played(width=80, height=24) as player:
        player.press("F1")
        await player.until("What the keys do")
        assert "and the lines that wait behind." in player.text
        for key in (*keys.FOR_ONE, *keys.FOR_ALL):
            assert f"{key.function}, ^{key.letter} " in player.text
        player.press("q")
        await player.until("server05")
        assert "Alice says:\n" in player.text


@pytest.mark.parametrize("key", ["\x03", "\x11"], ids=["Ctrl-C", "Ctrl-Q"])
@pytest.mark.parametrize("page", ["", "F1", "F10"])
async def test_it_quits(key, page):
    async with played() as player:
        if page:
            player.press(page)
            await player.until("What the keys do" if page == "F1" else "Which step?")
        player.press("half a line", key)
        async with asyncio.timeout(PATIENT):
            await player.running


# Its size.


async def test_a_narrow_terminal_shows_one_person_at_a_time():
    async with played(width=50, height=20) as player:
        player.press("Hello", ENTER)
        await player.until("» Hello")
        assert "alice: Hello" not in player.text
        player.press(TAB)
        await player.until("alice: Hello")
        player.press("F4", BACK_TAB)
        await player.until("· bob has left")
        assert " Bob!" in player.text  # in his tab


async def test_it_follows_the_size_of_the_terminal():
    async with played() as player:
        for width, height in ((80, 24), (40, 8), (120, 50), (3, 3), (100, 30)):
            player.resize(width, height)
            if width >= 40:
                await player.until(lambda rows=height: "says:" in player.rows[rows - 3])
        await player.until("bob has joined")


def sizes():
    return itertools.product((1, 7, 25, 59, 60, 80, 133), (0, 1, 5, 12, 20, 60))


def test_every_row_is_as_wide_as_the_terminal():
    session = Session("05")
    try:
        session.turn(1)
        session.press("read")
        session.turn(1)
        session.say("日本語のとても長い文章です。" * 20)
        session.press("much")
        session.press("return")
        for _ in range(2):
            for width, height in sizes():
                drawn = columns.drawn(session, width, height)
                assert len(drawn) <= height
                rows = columns.help_page(width, height)
                rows += columns.steps_page(7, width, height)
                rows += [*columns.bars(session, width), columns.status(session, width)]
                for row in drawn + rows:
                    assert fitting.cells("".join(text for _, text in row)) == width
            session.press("server")
    finally:
        session.close()


def test_the_screen_is_filled_where_there_is_room():
    session = Session("05")
    try:
        for height in range(12, 60):
            assert len(columns.drawn(session, 80, height)) == height
            assert len(columns.drawn(session, 50, height)) == height
    finally:
        session.close()


@pytest.mark.parametrize("width", [80, 60, 50])
@pytest.mark.parametrize("pressed", [(), ("read", "server", "time")])
def test_what_the_keys_do_is_not_cut(width, pressed):
    session = Session("05")
    try:
        for action in pressed:
            session.press(action)
        for row in columns.bars(session, width):
            assert fitting.CUT not in "".join(text for _, text in row)
    finally:
        session.close()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("» a word", ["» a word"]),
        ("» one two three", ["» one two", "  three"]),
        ("» abcdefghijklm", ["» abcdefg…"]),
        ("» one abcdefghijklm", ["» one abc…"]),
        ("» one two three four five six", ["» one two", "  three", "  four fi…"]),
        ("» 日本語日本語", ["» 日本語…"]),
    ],
)
def test_a_long_text_is_cut_after_a_few_rows(text, rows):
    assert fitting.wrapped(text, 10, "  ") == rows


def test_a_control_character_is_shown_and_does_not_act():
    assert visible("a\x1b[2J\u202eb\x9b") == r"a\x1b[2J\u202eb\x9b"
    notes = Notes()
    event = {"kind": "heard", "who": "bob", "time": 0.0}
    message = {"action": "chat", "from": "x", "message": "\x1b[2J"}
    notes.take([event | {"message": message}])
    assert notes.columns["bob"][0].text == r"x: \x1b[2J"


def test_of_a_very_long_text_its_beginning_is_shown():
    session = Session("05")
    try:
        session.press("much")
        assert session.notes.columns["bob"][-1].text == "alice: 60 of 60 xxxxxxxxxxx…"
    finally:
        session.close()


# The keys and the steps.


def test_every_key_does_one_thing():
    each = (*keys.FOR_ONE, *keys.FOR_ALL)
    assert len({key.function for key in each}) == len(each) == len(F)
    letters = {key.letter for key in each}
    assert len(letters) == len(each)
    # What a terminal takes for another key, for flow control, tmux, or the line.
    assert letters.isdisjoint("ABCDEHIJMQSUWYZ")


def test_every_server_from_step_05_on_can_be_played():
    names = [step.name for step in steps()]
    assert names[0] == f"server{FIRST}"
    assert set(names) >= {
        step.name for step in story.steps_of("server") if step.number >= FIRST
    }
    for name in names:
        session = Session(playable(name).name)
        try:
            session.say("Hello")
            said = [line.text for line in session.notes.columns["bob"]]
            assert "alice: Hello" in said, name
        finally:
            session.close()


# The command.


def lab(*arguments, code=""):
    """Run the command, without a terminal."""
    command = ["-c", code] if code else ["-m", "lab"]
    done = subprocess.run(
        [*STRICT, *command, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=PATIENT,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, complaints(done.stderr)


REFUSED = {
    "play": "play needs a terminal; use the chat in the book (make learn), or start",
    "play 13": "play needs a terminal",
    "play 01": "server01 has no chat to play with; these have one: 05, 06, ",
    "play 04": "server04 has no chat to play with",
    "play utils01": "utils01 has no chat to play with",
    "play client01": "client01 has no chat to play with",
    "play 99": "there is no step '99'",
    "play conf.py": "conf has no chat to play with",
    "play 06 --set MAX_UNSENT": "--set takes NAME=VALUE, not MAX_UNSENT",
    "play 06 --set TICK=1": "there is no setting TICK; there are: ",
    "play 06 --set MAX_UNSENT=0": "MAX_UNSENT has to be a number above 0, not 0",
}


@pytest.mark.parametrize(("words", "line"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_played_is_said_in_one_line(words, line):
    status, errors = lab(*words.split())
    assert status == 2
    assert errors.startswith(f"lab: {line}")
    assert "\n" not in errors


WITHOUT = (
    "import sys; sys.modules['prompt_toolkit'] = None; from lab.__main__ import main; "
)


def test_the_rest_of_the_lab_does_not_need_the_library():
    code = f"{WITHOUT}import lab.play.columns, lab.commands.play; main(['run', '99'])"
    status, errors = lab(code=code)
    assert (status, errors[:23]) == (0, "lab: there is no step '")


@asynccontextmanager
async def in_a_pty(*command, width=80, height=24, **environment):
    """Start a command in a terminal, and give its process, its keys and its output."""
    fcntl, pty, termios = map(pytest.importorskip, ("fcntl", "pty", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    seen = Seen(ours)
    try:
        yield process, seen
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        seen.close()


class Seen:
    """What a process has written to its terminal."""

    def __init__(self, ours):
        self.text, self._ours, self._news = "", ours, asyncio.Event()
        os.set_blocking(ours, False)
        asyncio.get_running_loop().add_reader(ours, self._read)

    def _read(self):
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the last who had the other end has gone
            data = b""
        self.text += data.decode(errors="replace")
        if not data:
            asyncio.get_running_loop().remove_reader(self._ours)
        self._news.set()

    def press(self, text):
        os.write(self._ours, text.encode())

    async def until(self, text):
        try:
            async with asyncio.timeout(PATIENT):
                while text not in self.text:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pytest.fail(f"{text!r} never came; there is {self.text!r}")

    def close(self):
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)


COLOURED = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38;[\d;]*)(?:;\d+)*m")
AWAY, BACK = "\x1b[?1049h", "\x1b[?1049l"  # to the other screen, and to the first one


@pytest.mark.parametrize(
    ("variable", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)]
)
async def test_in_a_real_terminal_real_keys_do_it(variable, coloured):
    if not variable and os.environ.get("NO_COLOR"):
        variable = {"NO_COLOR": ""}
    async with in_a_pty("-m", "lab", "play", **variable) as (process, seen):
        await seen.until("Alice says:")
        seen.press("Hello\r")
        await seen.until("alice: Hello")
        seen.press("\x10")
        await seen.until("unplugged")
        seen.press("\x0e\x0e")  # the second one is refused, in red
        await seen.until("in the chat already")
        seen.press("\x11")
        assert await asyncio.wait_for(process.wait(), PATIENT) == 0
        await seen.until(BACK)
        assert seen.text.count(AWAY) == 1
        assert seen.text.endswith(("\x1b[?25h", "\x1b[0m", "\x1b[?2004l")), seen.text[
            -80:
        ]
        assert bool(COLOURED.search(seen.text)) is coloured


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
async def test_a_signal_leaves_the_terminal_as_it_was(name):
    async with in_a_pty("-m", "lab", "play", "13") as (process, seen):
        await seen.until("Alice says:")
        process.send_signal(getattr(signal, name))
        assert await asyncio.wait_for(process.wait(), PATIENT) == 0
        await seen.until(BACK)


async def test_without_the_library_it_says_what_to_install():
    code = f"{WITHOUT}sys.exit(main(['play']))"
    async with in_a_pty("-c", code) as (process, seen):
        assert await asyncio.wait_for(process.wait(), PATIENT) == 2
        await seen.until("lab: play needs prompt_toolkit: make play has it")
        assert AWAY not in seen.text


async def test_a_terminal_that_is_none_is_said_to_be_none():
    async with in_a_pty("-m", "lab", "play", TERM="dumb") as (process, seen):
        assert await asyncio.wait_for(process.wait(), PATIENT) == 2
        await seen.until("play needs a terminal")
