"""The screen of the chat in a terminal, by prompt_toolkit.

It is the one module of the lab that needs a library, so import it only where somebody
asks for a terminal.
"""

import asyncio
import contextlib
import io
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.layout import (
    BufferControl,
    HSplit,
    Layout,
    UIContent,
    UIControl,
    VSplit,
    Window,
)
from prompt_toolkit.layout import FormattedTextControl as Words
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style

from lab.play import columns
from lab.play.fitting import Row
from lab.play.keys import FOR_ALL, FOR_ONE
from lab.play.session import Session, steps

SLICE = 0.05  # seconds of real time that pass at once

# Few colours, and only those that can be read on dark and on light. With NO_COLOR,
# prompt_toolkit leaves the colours out, and what is bold or reversed stays.
STYLE = Style.from_dict(
    {
        "title": "reverse",
        "chosen": "reverse bold",
        "name": "bold",
        "key": "reverse",
        "own": "bold",
        "note": "dim",
        "dim": "dim",
        "rule": "dim",
        "bad": "bold ansired",
        "over": "bold ansired",
        "kept": "ansimagenta",
        "wire": "ansicyan",
    }
)


class Picture(UIControl):
    """Draws rows for as much room as there is."""

    def __init__(self, draw: Callable[[int, int], list[Row]]) -> None:
        self._draw = draw

    def create_content(self, width: int, height: int) -> UIContent:
        """Return the rows."""
        rows = [styled(row) for row in self._draw(width, height)]
        return UIContent(rows.__getitem__, len(rows), show_cursor=False)


def styled(row: Row) -> StyleAndTextTuples:
    """Return a row with the styles as prompt_toolkit names them."""
    return [(f"class:{style}" if style else "", text) for style, text in row]


class Screen:
    """What is on the terminal; ``run`` shows it until somebody quits."""

    def __init__(
        self,
        session: Session,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self.session = session
        self._page = ""  # "help" or "steps" in place of the chat
        self._step = 0  # which of the steps is marked
        self._drafts: dict[str, str] = {}
        self.line = Buffer(multiline=False, accept_handler=self._say)
        self.app: Application[None] = Application(
            self._layout(),
            key_bindings=self._keys(),
            style=STYLE,
            full_screen=True,
            input=input,
            output=output,
        )

    async def run(self) -> None:
        """Show the chat, and let time pass, until somebody quits."""
        with _quits_at_a_signal(self.quit):
            async with asyncio.TaskGroup() as tasks:
                passing = tasks.create_task(self._pass_time())
                await self.app.run_async()
                passing.cancel()

    def quit(self) -> None:
        """Leave the screen."""
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    async def _pass_time(self) -> None:
        clock = asyncio.get_running_loop().time
        before = clock()
        while True:
            await asyncio.sleep(SLICE)
            before, passed = (now := clock()), now - before
            if self.session.tick(passed):
                self.app.invalidate()

    # -- the layout

    def _layout(self) -> Layout:
        line = Window(BufferControl(self.line), height=1)
        label = Window(Words(self._label), height=1, dont_extend_width=True)
        rows = [
            Window(Picture(self._draw)),
            Window(Picture(self._draw_status), height=1),
            VSplit([label, line], height=1),
            Window(Picture(self._draw_bars), height=2),
        ]
        return Layout(HSplit(rows), focused_element=line)

    def _label(self) -> StyleAndTextTuples:
        return [("class:name", f"{self.session.chosen.capitalize()} says: ")]

    def _draw(self, width: int, height: int) -> list[Row]:
        if self._page == "help":
            return columns.help_page(width, height)
        if self._page == "steps":
            return columns.steps_page(self._step, width, height)
        return columns.drawn(self.session, width, height)

    def _draw_status(self, width: int, _height: int) -> list[Row]:
        return [[] if self._page else columns.status(self.session, width)]

    def _draw_bars(self, width: int, _height: int) -> list[Row]:
        return columns.bars(self.session, width)

    # -- the keys

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        for key in ("c-c", "c-q", "<sigint>"):
            keys.add(key, eager=True)(lambda _: self.quit())
        self._add_pages(keys)
        chat = Condition(lambda: not self._page)
        for name, by in (("tab", 1), ("s-tab", -1)):
            self._add(keys, name, chat, partial(self._turn, by))
        for each in (*FOR_ONE, *FOR_ALL):
            for name in (each.function.lower(), f"c-{each.letter.lower()}"):
                self._add(keys, name, chat, partial(self._press, each.action))
        return keys

    def _add(
        self,
        keys: KeyBindings,
        name: str,
        where: Condition,
        act: Callable[[], object],
    ) -> None:
        """Let a key do something; eager, since some begin a sequence of Emacs."""

        @keys.add(name, filter=where, eager=True)
        def _(_event: KeyPressEvent) -> None:
            act()

    def _add_pages(self, keys: KeyBindings) -> None:
        """Let keys leave the page that is shown in place of the chat."""
        help_ = Condition(lambda: self._page == "help")
        choice = Condition(lambda: self._page == "steps")
        self._add(keys, "<any>", help_, lambda: self._show(""))
        self._add(keys, "<any>", choice, lambda: None)
        self._add(keys, "up", choice, lambda: self._mark(-1))
        self._add(keys, "down", choice, lambda: self._mark(1))
        self._add(keys, "enter", choice, self._open)
        for name in ("escape", "f10", "c-o"):
            self._add(keys, name, choice, lambda: self._show(""))

    def _press(self, action: str) -> None:
        if action in ("help", "steps"):
            self._show(action)
        else:
            self.session.press(action)

    def _turn(self, by: int) -> None:
        """Choose another person; what each has typed so far stays theirs."""
        self._drafts[self.session.chosen] = self.line.text
        self.session.turn(by)
        self.line.text = self._drafts.get(self.session.chosen, "")
        self.line.cursor_position = len(self.line.text)

    def _say(self, line: Buffer) -> bool:
        self.session.say(line.text)
        return False  # the line is empty again

    def _show(self, page: str) -> None:
        self._page = page
        if page == "steps":
            names = [step.name for step in steps()]
            now = self.session.chat.step.name
            self._step = names.index(now) if now in names else 0

    def _mark(self, by: int) -> None:
        self._step = (self._step + by) % len(steps())

    def _open(self) -> None:
        self.session.open(steps()[self._step].name)
        self._show("")


@contextlib.contextmanager
def _quits_at_a_signal(quit: Callable[[], None]) -> Iterator[None]:
    """Leave the screen when the terminal is closed, or the process is to end."""
    loop = asyncio.get_running_loop()
    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number in numbers:
            loop.add_signal_handler(number, quit)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            for number in numbers:
                loop.remove_signal_handler(number)


def run(session: Session) -> None:
    """Show the chat in this terminal until somebody quits.

    What is printed on stderr, by asyncio for instance, comes after that.
    """
    kept = io.StringIO()
    try:
        with contextlib.redirect_stderr(kept), contextlib.suppress(EOFError):
            asyncio.run(Screen(session).run())
    finally:
        session.close()
        sys.stderr.write(kept.getvalue())
