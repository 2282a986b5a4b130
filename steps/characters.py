"""Says whether a name or a room has invisible characters, by the tables of Unicode.

New: it refuses invisible characters, except where a script or an emoji needs them.
Still wrong: a letter that looks like one of another script is still another letter.
"""

import re
import unicodedata

# The tables: code points and ranges of them, in hexadecimal. They are made of the data
# files of this version of Unicode, by tests/character_tables.py.
VERSION = "15.0.0"
# Default_Ignorable_Code_Point: shows nothing, or changes how its neighbours look.
IGNORABLE = (
    "ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 "
    "fe00-fe0f feff ffa0 fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff"
)
# Joining_Type: letters that join what follows (L), what comes before (R), both (D).
JOINING_L = "a872 10acd 10ad7 10d00 10fcb"
JOINING_R = (
    "622-625 627 629 62f-632 648 671-673 675-677 688-699 6c0 6c3-6cb 6cd 6cf 6d2-6d3 "
    "6d5 6ee-6ef 710 715-719 71e 728 72a 72c 72f 74d 759-75b 76b-76c 771 773-774 "
    "778-779 840 846-847 849 854 856-858 867 869-86a 870-882 88e 8aa-8ac 8ae 8b1-8b2 "
    "8b9 10ac5 10ac7 10ac9-10aca 10ace-10ad2 10add 10ae1 10ae4 10aef 10b81 "
    "10b83-10b85 10b89 10b8c 10b8e-10b8f 10b91 10ba9-10bac 10d22 10f33 10f54 "
    "10f74-10f75 10fb4-10fb6 10fb9-10fba 10fbd 10fc2-10fc3 10fc9"
)
JOINING_D = (
    "620 626 628 62a-62e 633-63f 641-647 649-64a 66e-66f 678-687 69a-6bf 6c1-6c2 6cc "
    "6ce 6d0-6d1 6fa-6fc 6ff 712-714 71a-71d 71f-727 729 72b 72d-72e 74e-758 75c-76a "
    "76d-770 772 775-777 77a-77f 7ca-7ea 841-845 848 84a-853 855 860 862-865 868 886 "
    "889-88d 8a0-8a9 8af-8b0 8b3-8b8 8ba-8c8 1807 1820-1878 1887-18a8 18aa a840-a871 "
    "10ac0-10ac4 10ad3-10ad6 10ad8-10adc 10ade-10ae0 10aeb-10aee 10b80 10b82 "
    "10b86-10b88 10b8a-10b8b 10b8d 10b90 10bad-10bae 10d01-10d21 10d23 10f30-10f32 "
    "10f34-10f44 10f51-10f53 10f70-10f73 10f76-10f81 10fb0 10fb2-10fb3 10fb8 "
    "10fbb-10fbc 10fbe-10fbf 10fc1 10fc4 10fca 1e900-1e943"
)
# Emoji: those that U+FE0F shows in colour, and those that are in colour without it.
# Digits, skin tones and the letters of flags are not among them.
EMOJI_STYLED = (
    "a9 ae 203c 2049 2122 2139 2194-2199 21a9-21aa 231a-231b 2328 23cf 23e9-23ea "
    "23ed-23ef 23f1-23f3 23f8-23fa 24c2 25aa-25ab 25b6 25c0 25fb-25fe 2600-2604 260e "
    "2611 2614-2615 2618 261d 2620 2622-2623 2626 262a 262e-262f 2638-263a 2640 2642 "
    "2648-2653 265f-2660 2663 2665-2666 2668 267b 267e-267f 2692-2697 2699 269b-269c "
    "26a0-26a1 26a7 26aa-26ab 26b0-26b1 26bd-26be 26c4-26c5 26c8 26cf 26d1 26d3-26d4 "
    "26e9-26ea 26f0-26f5 26f7-26fa 26fd 2702 2708-2709 270c-270d 270f 2712 2714 2716 "
    "271d 2721 2733-2734 2744 2747 2753 2757 2763-2764 27a1 2934-2935 2b05-2b07 "
    "2b1b-2b1c 2b50 2b55 3030 303d 3297 3299 1f004 1f170-1f171 1f17e-1f17f 1f202 "
    "1f21a 1f22f 1f237 1f30d-1f30f 1f315 1f31c 1f321 1f324-1f32c 1f336 1f378 1f37d "
    "1f393 1f396-1f397 1f399-1f39b 1f39e-1f39f 1f3a7 1f3ac-1f3ae 1f3c2 1f3c4 1f3c6 "
    "1f3ca-1f3ce 1f3d4-1f3e0 1f3ed 1f3f3 1f3f5 1f3f7 1f408 1f415 1f41f 1f426 1f43f "
    "1f441-1f442 1f446-1f449 1f44d-1f44e 1f453 1f46a 1f47d 1f4a3 1f4b0 1f4b3 1f4bb "
    "1f4bf 1f4cb 1f4da 1f4df 1f4e4-1f4e6 1f4ea-1f4ed 1f4f7 1f4f9-1f4fb 1f4fd 1f508 "
    "1f50d 1f512-1f513 1f549-1f54a 1f550-1f567 1f56f-1f570 1f573-1f579 1f587 "
    "1f58a-1f58d 1f590 1f5a5 1f5a8 1f5b1-1f5b2 1f5bc 1f5c2-1f5c4 1f5d1-1f5d3 "
    "1f5dc-1f5de 1f5e1 1f5e3 1f5e8 1f5ef 1f5f3 1f5fa 1f610 1f687 1f68d 1f691 1f694 "
    "1f698 1f6ad 1f6b2 1f6b9-1f6ba 1f6bc 1f6cb 1f6cd-1f6cf 1f6e0-1f6e5 1f6e9 1f6f0 "
    "1f6f3"
)
EMOJI_COLOURED = (
    "23eb-23ec 23f0 26ce 2705 270a-270b 2728 274c 274e 2754-2755 2795-2797 27b0 27bf "
    "1f0cf 1f18e 1f191-1f19a 1f201 1f232-1f236 1f238-1f23a 1f250-1f251 1f300-1f30c "
    "1f310-1f314 1f316-1f31b 1f31d-1f320 1f32d-1f335 1f337-1f377 1f379-1f37c "
    "1f37e-1f392 1f3a0-1f3a6 1f3a8-1f3ab 1f3af-1f3c1 1f3c3 1f3c5 1f3c7-1f3c9 "
    "1f3cf-1f3d3 1f3e1-1f3ec 1f3ee-1f3f0 1f3f4 1f3f8-1f3fa 1f400-1f407 1f409-1f414 "
    "1f416-1f41e 1f420-1f425 1f427-1f43e 1f440 1f443-1f445 1f44a-1f44c 1f44f-1f452 "
    "1f454-1f469 1f46b-1f47c 1f47e-1f4a2 1f4a4-1f4af 1f4b1-1f4b2 1f4b4-1f4ba "
    "1f4bc-1f4be 1f4c0-1f4ca 1f4cc-1f4d9 1f4db-1f4de 1f4e0-1f4e3 1f4e7-1f4e9 "
    "1f4ee-1f4f6 1f4f8 1f4fc 1f4ff-1f507 1f509-1f50c 1f50e-1f511 1f514-1f53d "
    "1f54b-1f54e 1f57a 1f595-1f596 1f5a4 1f5fb-1f60f 1f611-1f64f 1f680-1f686 "
    "1f688-1f68c 1f68e-1f690 1f692-1f693 1f695-1f697 1f699-1f6ac 1f6ae-1f6b1 "
    "1f6b3-1f6b8 1f6bb 1f6bd-1f6c5 1f6cc 1f6d0-1f6d2 1f6d5-1f6d7 1f6dc-1f6df "
    "1f6eb-1f6ec 1f6f4-1f6fc 1f7e0-1f7eb 1f7f0 1f90c-1f93a 1f93c-1f945 1f947-1f9ff "
    "1fa70-1fa7c 1fa80-1fa88 1fa90-1fabd 1fabf-1fac5 1face-1fadb 1fae0-1fae8 "
    "1faf0-1faf8"
)

# Control, format, surrogate, private and unassigned characters, and those that end a
# line or a paragraph. What is unassigned depends on the Unicode of this Python.
NEVER = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Braille without a dot, a note without a head, two hieroglyphs without a picture: they
# look like a space, and no property of Unicode says so. At the ends none of it counts.
BLANK = "\u2800\U0001d159\U00013441\U00013442"
SPACE = "".join(filter(str.isspace, map(chr, range(0x3001)))) + BLANK
ZWNJ, ZWJ = "\u200c", "\u200d"  # join two letters less, or more, than usual
VIRAMA = 9  # a combining class: the sign that takes the vowel away from a letter


def _one_of(*tables: str) -> str:
    """Return the regular expression for one character of these tables."""
    ends = (entry.partition("-") for entry in " ".join(tables).split())
    ranges = (f"{chr(int(a, 16))}-{chr(int(b or a, 16))}" for a, _, b in ends)
    return f"[{''.join(ranges)}]"


_IGNORABLE = re.compile(_one_of(IGNORABLE))
_JOINS_NEXT = re.compile(_one_of(JOINING_L, JOINING_D))
_JOINS_LAST = re.compile(_one_of(JOINING_R, JOINING_D))
_ELEMENT = (
    f"(?:{_one_of(EMOJI_STYLED)}\ufe0f"
    f"|{_one_of(EMOJI_STYLED, EMOJI_COLOURED)}[\U0001f3fb-\U0001f3ff]?)"  # a skin tone
)
# The sequences of UTS #51 that have something invisible in them.
_SEQUENCE = re.compile(
    "[0-9#*]\ufe0f\u20e3"  # a key of a telephone
    # The flag of a region: tags, digits and letters name it.
    "|\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,7}\U000e007f"
    f"|{_ELEMENT}(?:{ZWJ}{_ELEMENT})*"
)


def without_ignorable(text: str) -> str:
    """Return a text without its default-ignorable code points."""
    return _IGNORABLE.sub("", text)


def is_shown(text: str) -> bool:
    """Return whether a text shows something, and nothing in it is invisible.

    Allowed are the joiners that RFC 5892 allows in A.1 and A.2, and the invisible parts
    of an emoji sequence of UTS #51.
    """
    text = unicodedata.normalize("NFC", text)  # two forms of a text have one answer
    if _IGNORABLE.search(text):
        text = _SEQUENCE.sub(lambda found: without_ignorable(found[0]), text)
        text = "".join(c for n, c in enumerate(text) if not _is_needed(text, n))
        if _IGNORABLE.search(text):
            return False
    kinds = {unicodedata.category(c) for c in text if c not in BLANK}
    # A letter, a number, punctuation or a symbol has to be there: a mark by itself is
    # drawn onto the character before the name.
    return kinds.isdisjoint(NEVER) and any(kind[0] in "LNPS" for kind in kinds)


def _is_needed(text: str, n: int) -> bool:
    """Return whether character ``n`` is a joiner, and its script has one there."""
    if text[n] not in (ZWNJ, ZWJ):
        return False
    if n > 0 and unicodedata.combining(text[n - 1]) == VIRAMA:
        return True
    before, after = _base(text[:n][::-1]), _base(text[n + 1 :])
    return bool(
        text[n] == ZWNJ and _JOINS_NEXT.match(before) and _JOINS_LAST.match(after)
    )


def _base(text: str) -> str:
    """Return the first character that is no mark, and so has a joining type."""
    marks = ("Mn", "Me")
    return next((c for c in text if unicodedata.category(c) not in marks), "")
