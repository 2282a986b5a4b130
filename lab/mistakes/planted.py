"""Plants a mistake in a copy of a step; the step itself stays as it is."""

import atexit
import dataclasses
import shutil
import tempfile
from pathlib import Path

from lab import story
from lab.story import Step


def planted(step: str | Step, old: str, new: str) -> Step:
    """Return a copy of a step with ``new`` in the place of ``old``.

    The copy is gone when Python ends. Raises NoSuchStep, and LookupError if ``old`` is
    not in the step, or more than once.
    """
    step = story.find(step) if isinstance(step, str) else step
    text = step.path.read_text(encoding="utf-8")
    if (times := text.count(old)) != 1:
        raise LookupError(f"{step.name} has this {times} times, and not once: {old!r}")
    return written(step, text.replace(old, new))


def written(step: Step, text: str) -> Step:
    """Return a copy of a step with another text, which is gone when Python ends."""
    folder = tempfile.mkdtemp(prefix="mistake-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder, step.path.name)
    path.write_text(text, encoding="utf-8")
    return dataclasses.replace(step, path=path)


def framed_by(step: Step, utils: Step) -> Step:
    """Return a copy of a step that imports another file for its framing.

    LookupError if the step imports none of ours.
    """
    if step.framing is None:
        raise LookupError(f"{step.name} imports no framing")
    name = step.framing.name
    # A process that runs the copy does not know where the other file is.
    path = f'__import__("sys").path.append({str(utils.path.parent)!r})'
    return planted(step, f"from {name} import", f"{path}\nfrom {utils.name} import")
