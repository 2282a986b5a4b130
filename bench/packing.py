"""Turns data classes into what JSON can hold, and back."""

from typing import Any, TypeVar

_KINDS: dict[str, type[Any]] = {}

Kind = TypeVar("Kind", bound=type[Any])


def packable(kind: Kind) -> Kind:
    """Let instances of this data class be packed: a decorator."""
    _KINDS[kind.__name__] = kind
    return kind


def packed(thing: Any) -> Any:
    """Return what JSON can hold; of a data class, with the name of its kind."""
    if isinstance(thing, tuple | list):
        return [packed(each) for each in thing]
    if type(thing).__name__ in _KINDS:
        fields = {name: packed(value) for name, value in vars(thing).items()}
        return {"kind": type(thing).__name__, **fields}
    if isinstance(thing, dict):
        return {name: packed(value) for name, value in thing.items()}
    return thing


def unpacked(thing: Any) -> Any:
    """Return what was packed, with tuples for lists.

    Raises KeyError or TypeError for a kind, or for fields, that it does not have.
    """
    if isinstance(thing, list):
        return tuple(unpacked(each) for each in thing)
    if isinstance(thing, dict):
        fields = {name: unpacked(value) for name, value in thing.items()}
        return _KINDS[fields.pop("kind")](**fields) if "kind" in fields else fields
    return thing
