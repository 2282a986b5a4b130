"""Mistakes of one line, planted in a copy of a step: each slips through most nets."""

from dataclasses import dataclass

from lab.mistakes import planted
from lab.story import Step

STEP = "server12"  # the newest; then: make catches mutants


@dataclass(frozen=True)
class Mistake:
    """In a copy of STEP, ``new`` stands in the place of ``old``."""

    name: str
    sentence: str
    old: str
    new: str

    def planted(self) -> Step:
        """Return the copy; LookupError if the step has no such line any more."""
        return planted.planted(STEP, self.old, self.new)


MISTAKES = (
    Mistake(
        "writes_twice",
        "Hands over the size and the payload of a message one after the other.",
        "            self.writer.write(frame)",
        "            self.writer.write(frame[:3])\n"
        "            self.writer.write(frame[3:])",
    ),
    Mistake(
        "cancels_in_the_handler",
        "Cancels main in the signal handler itself, and does not wake up the loop.",
        "serving.get_loop().call_soon_threadsafe(serving.cancel)",
        "serving.cancel()",
    ),
    Mistake(
        "drops_too_soon",
        "Throws out a member for whom 384 KiB are waiting, where 1 MiB may wait.",
        "MAX_BACKLOG = 2**20",
        "MAX_BACKLOG = 3 * 2**17",
    ),
    Mistake(
        "expects_a_clean_end",
        "Does not catch what closing raises when the connection was broken off.",
        "        except OSError:\n            pass  # it is closed",
        "        except ():\n            pass  # it is closed",
    ),
    Mistake(
        "never_ends_the_stream",
        "Says bye and does not end the stream, so everybody waits to be thrown out.",
        "            self.writer.write_eof()",
        "            pass",
    ),
    Mistake(
        "tells_one_room",
        "Tells only one of the rooms of a client that its connection has ended.",
        "for room, others in news:",
        "for room, others in news[:1]:",
    ),
    Mistake(
        "silences_the_rest",
        "Lets one member who cannot be written to silence all who come after.",
        "except Exception:",
        "except ():",
    ),
    Mistake(
        "answers_strangers",
        "Answers somebody who leaves a room and has never said who they are.",
        '            raise Refused("not_connected")\n'
        '        notice = {"action": "leaveroom"',
        '            pass\n        notice = {"action": "leaveroom"',
    ),
    Mistake(
        "keeps_empty_rooms",
        "Keeps every room that there has ever been.",
        "del ROOMS[room]  #",
        "pass  #",
    ),
    Mistake(
        "lists_everybody",
        "Names all members to whoever joins, though the list may be too long to send.",
        'for member in ROOMS[message["room"]]][:MAX_MEMBERS]',
        'for member in ROOMS[message["room"]]]',
    ),
)


def main() -> None:
    """Print each mistake as the lines that go and the lines that come."""
    for mistake in MISTAKES:
        mistake.planted()  # or it says that there is no such line any more
        print(f"{mistake.name}: {mistake.sentence}")
        for mark, text in (("-", mistake.old), ("+", mistake.new)):
            print(*(f"  {mark} {line.strip()}" for line in text.splitlines()), sep="\n")


if __name__ == "__main__":
    main()
