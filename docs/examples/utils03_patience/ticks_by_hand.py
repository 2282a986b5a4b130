"""Counts ticks by hand, and prints the advice of utils03 with its tick."""

from lab import story
from lab.host import load

utils03 = load(story.find("utils03"))


def says(what: str, ticks: int, *, named: bool = True, owed: int = 0) -> None:
    """Count this many ticks, and print those at which there is advice."""
    idle = utils03.Idle()
    idle.written = owed
    if what == "has started a frame":
        idle.begun = True
    advice = [idle.tick(named, owed, late=0.0) for _ in range(ticks)]
    said = [f"{a} at tick {n}" for n, a in enumerate(advice, 1) if a != "nothing"]
    print(f"{what:21}{', '.join(said)}")


says("has no name", 60, named=False)
says("has started a frame", 60)
says("is silent", 60)
says("reads nothing", 10, owed=1000)
