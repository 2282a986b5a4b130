"""A loop of our own, and the scene in it that is set as long as it can be used."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from lab.story import Step

from .faults import Fault
from .scene import Ended, Played, Scene

Result = TypeVar("Result")


class Stage:
    """Plays faults one after the other, with the same server and the same two.

    It is no coroutine: it serves tests of hypothesis, too, and a whole file of tests.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self._loop = asyncio.new_event_loop()
        self._settings: Mapping[str, str] = {}
        self._set: Any = None  # what ends the scene
        self._scene: Scene | None = None
        self.played: list[Played] = []
        self.ended: list[Ended] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.clear()
        finally:
            self._loop.close()

    def play(self, fault: Fault) -> None:
        """Play a fault; AssertionError, or TimeoutError, if it is not survived."""
        self.run(lambda scene: scene.play(fault), fault.settings_of(self.step))

    def end(self, fault: Fault, *signals: int) -> None:
        """Play a fault while the server is told to stop, which ends the scene.

        Without signals, by one Ctrl-C; a second is sent when the first was answered.
        """
        try:
            settings = fault.settings_of(self.step)
            ended = self._run(lambda scene: scene.end(fault, signals), settings)
            self.ended.append(ended)
        finally:
            self.clear()

    def run(
        self,
        act: Callable[[Scene], Awaitable[Played]],
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Run what is to be played; after an exception, the scene is set afresh."""
        self.played.append(self._run(act, settings))

    def _run(
        self,
        act: Callable[[Scene], Awaitable[Result]],
        settings: Mapping[str, str] | None = None,
    ) -> Result:
        if self._scene is None or self._settings != (settings or {}):
            self.clear()
            self._loop.run_until_complete(self._build(settings or {}))
        assert self._scene is not None, "it has just been built"
        before = asyncio.all_tasks(self._loop)
        try:
            result = self._loop.run_until_complete(act(self._scene))
            left = asyncio.all_tasks(self._loop) - before
            assert not left, f"tasks left behind: {left}"
            return result
        except BaseException:
            self.clear()
            raise

    def clear(self) -> None:
        """End the server and the two, if they are there."""
        ending, self._set, self._scene = self._set, None, None
        if ending is not None:
            self._loop.run_until_complete(ending.__aexit__(None, None, None))

    async def _build(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._set = Scene.set(self.step, settings)
        self._scene = await self._set.__aenter__()
