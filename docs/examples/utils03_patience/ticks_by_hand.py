"""Counts ticks by hand, and prints what utils03 says to be done, and when."""

from lab import story
from lab.host import load

utils03 = load(story.find("utils03"))


def says(what: str, ticks: int, *, named: bool = True, owed: int = 0) -> None:
    """Count so many ticks, and print those at which something is to be done."""
    patience = utils03.Idle()
    patience.written = owed
    if what == "has begun a frame":
        patience.begun = True
    advice = [patience.tick(named, owed, late=0.0) for _ in range(ticks)]
    said = [f"{a} at tick {n}" for n, a in enumerate(advice, 1) if a != "nothing"]
    print(f"{what:20}{', '.join(said)}")


says("has no name", 60, named=False)
says("has begun a frame", 60)
says("is silent", 60)
says("takes nothing", 10, owed=1000)
