"""Plays a chat for somebody in another thread or language, who sends JSON.

What it takes, by its ``type``:

- ``open``: begin a new chat with a ``step`` and its ``settings``; what is in ``first``,
  a list of messages like these, happens at once;
- ``say``: ``who`` types a ``text``;
- ``fault``: do what ``name`` says to ``who``, see ``lab.play.chat.FAULTS``;
- ``speed``: how many seconds of the server's clock a second takes; 0 stops time;
- ``later``: let so many ``seconds`` of the server's clock pass at once;
- ``scene``: show what has happened last.

What it tells: ``opened``, with the number of the ``step``; ``news``, with ``events``
and the ``state`` after them; a ``scene`` for the stepper; and ``refused``, with a
``text``, for what it cannot do.
"""

import json
from collections.abc import Callable
from typing import Any

from lab.play.chat import Chat

NEWS = 0.25  # seconds from one state to the next where nothing happens

Message = dict[str, Any]


class Player:
    """Has one chat at a time; ``tell`` is called with JSON."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.chat: Chat | None = None
        self.speed = 1.0
        self._tell = tell
        self._quiet = 0.0  # seconds since the last news

    def take(self, text: str) -> None:
        """Do what a message asks for, and tell what has happened."""
        self._take(json.loads(text))

    def tick(self, seconds: float) -> None:
        """Let so many seconds pass, by the clock on the wall."""
        if self.chat is None or self.speed == 0:
            return
        self._quiet += seconds
        self._advance(seconds * self.speed)

    def close(self) -> None:
        """End the chat, if there is one."""
        if self.chat is not None:
            self.chat.close()
        self.chat = None

    def _take(self, message: Message) -> None:
        kind = message.get("type")
        try:
            if kind == "open":
                self._open(message)
                return
            if self.chat is None:
                raise ValueError("there is no chat yet: open one")
            if kind == "scene":
                scene = self.chat.scene().as_json()
                self._send("scene", scene=json.loads(scene))
                return
            self._change(self.chat, kind, message)
        except (LookupError, ValueError, OSError) as error:
            self._send("refused", text=str(error.args[0] if error.args else error))
            return
        self._news(self.chat.advance() if self.speed else self.chat.news())

    def _change(self, chat: Chat, kind: object, message: Message) -> None:
        who = str(message.get("who", ""))
        if kind == "say":
            chat.say(who, str(message["text"]))
        elif kind == "fault":
            chat.do(str(message["name"]), who)
        elif kind == "speed":
            self.speed = max(0.0, float(message["speed"]))
        elif kind == "later":
            chat.note("A minute later")
            self._news(chat.advance(max(0.0, float(message["seconds"]))))
        else:
            raise ValueError(f"nothing is known of the type {kind!r}")

    def _open(self, message: Message) -> None:
        self.close()
        self.speed = 1.0
        self.chat = Chat(str(message["step"]), message.get("settings"))
        self._send("opened", step=self.chat.step.number)
        self._news(self.chat.advance())
        for first in message.get("first", ()):
            self._take(first)

    def _advance(self, seconds: float) -> None:
        assert self.chat is not None, "somebody has asked"
        events = self.chat.advance(seconds)
        if events or self._quiet >= NEWS:
            self._news(events)

    def _news(self, events: list[Message]) -> None:
        assert self.chat is not None, "somebody has asked"
        self._quiet = 0.0
        self._send("news", events=events, state=self.chat.state())

    def _send(self, kind: str, **more: Any) -> None:
        self._tell(json.dumps({"type": kind, **more}, ensure_ascii=False))
