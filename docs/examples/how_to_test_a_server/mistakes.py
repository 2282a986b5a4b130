"""Prints the planted mistakes: the lines that go and the lines that come."""

from lab.mistakes import twins


def main() -> None:
    """Print each mistake with its place in the step."""
    for mistake in twins.mistakes():
        print(f"{mistake.name}: {mistake.sentence}")
        for hunk in mistake.diff.hunks:
            print(f"  {hunk.place or mistake.of.name}")
            changed = [line for line in hunk.lines if line[0] in "-+"]
            print(*(f"  {line[0]} {line[1:].strip()}" for line in changed), sep="\n")


if __name__ == "__main__":
    main()
