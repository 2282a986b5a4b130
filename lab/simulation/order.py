"""Keeps sets in order, so that the same seed brings the same run.

A set is gone through in the order of hashes, and the hash of an object is by default
where it lies in memory: another place in every run. The tasks of our loop have numbers
for hashes. This does the same for the classes of a step.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any


def number_objects(module: ModuleType, numbers: Iterator[int]) -> None:
    """Let the objects of a module's own classes have numbers for hashes.

    What is equal stays as it is: this is for classes that say nothing of either. To be
    called before any of the objects lies in a set.
    """
    for name, value in list(vars(module).items()):
        own = isinstance(value, type) and value.__module__ == module.__name__
        if (
            own
            and value.__hash__ is object.__hash__
            and not issubclass(value, Exception)
        ):
            vars(module)[name] = _numbered(value, numbers)


def _numbered(cls: Any, numbers: Iterator[int]) -> type:
    def hash_of(self: Any) -> int:
        # Numbered when first asked: what was made before this has numbers, too.
        try:
            number: int = self._number
        except AttributeError:
            number = next(numbers)
            object.__setattr__(self, "_number", number)
        return number

    if cls.__dictoffset__:
        cls.__hash__ = hash_of
        return cls  # type: ignore[no-any-return]  # it is Any here
    # Its objects have slots, and no room for a number.
    body = {
        "__slots__": ("_number",),
        "__hash__": hash_of,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
    }
    return type(cls.__name__, (cls,), body)
