"""Whose code it is that runs: the learner's, or that of Python, a library, or ours."""

import sysconfig
from pathlib import Path
from types import CodeType, FrameType

from lab.story import ROOT, STEPS

# What lies beside a file, or below it, and is not its author's all the same.
_OTHERS = [
    ROOT / "lab",
    ROOT / "tests",
    Path(sysconfig.get_paths()["stdlib"]),
    Path(sysconfig.get_paths()["purelib"]),
]


class Own:
    """Tells the code of a file, and of the modules beside it, from all other code."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._known: dict[str, bool] = {}

    def has(self, code: CodeType) -> bool:
        """Whether this code is in the file, or in a module beside it or below."""
        return self.has_file(code.co_filename)

    def has_file(self, name: str) -> bool:
        """Whether this is the file, or a module beside it or below."""
        if name not in self._known:
            self._known[name] = self._is_own(name)
        return self._known[name]

    def innermost(self, frame: FrameType | None) -> FrameType | None:
        """Return the innermost frame that is own; None while a module is imported."""
        while frame is not None and not self.has(frame.f_code):
            frame = frame.f_back
        return None if frame is None or frame.f_code.co_name == "<module>" else frame

    def _is_own(self, name: str) -> bool:
        if name.startswith("<"):
            return False
        path = Path(name).resolve()
        folder = self.path.parent
        if path == self.path:
            return True
        if not path.is_relative_to(folder) or "site-packages" in path.parts:
            return False
        others = [*_OTHERS, *([STEPS] if folder != STEPS else [])]
        # A file of the learner's may itself lie within one of these.
        outer = [other for other in others if not folder.is_relative_to(other)]
        return not any(path.is_relative_to(other) for other in outer)
