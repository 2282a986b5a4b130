"""characters: what a name or a room shows, by the tables of Unicode.

Pythons know different versions of Unicode: 3.11 knows 14.0, 3.12 knows 15.0, 3.13 knows
15.1, 3.14 knows 16.0. The tables of the module are of 15.0. What is tested here holds
with each of these. Where it depends on the version, the test asks for the version.
"""

import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from idna import idnadata
from idna.core import valid_contextj

from lab import story
from lab.host import load
from tests import character_tables

quick = settings(max_examples=300, deadline=None)  # a busy machine is no failure
characters = load(story.find("characters"))
UNICODE = tuple(map(int, unicodedata.unidata_version.split(".")))

FLAG = "\U0001f3f4"  # the black flag, with which the flags of parts of countries begin


def tags(text):
    """Return the tags for letters and digits, and the one that ends them."""
    return "".join(chr(0xE0000 + ord(letter)) for letter in text) + "\U000e007f"


def described(text):
    return ascii(text)[1:-1][:40]


# What is written with something invisible, by the rules of its script.
JOINED = [
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",  # Persian: I read
    "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",  # Alireza, a name
    "\u067e\u0646\u062c\u0631\u0647\u200c\u0647\u0627",  # windows
    "\u0646\u064f\u0647\u0652\u200c\u064f\u0647",  # with marks before it and after it
    "\u0645\u20dd\u200c\u0645",  # a letter in a circle
    "\u0639\u0627\u0644\u0645\u200c\u06af\u06cc\u0631",  # Urdu
    "\u0626\u06d5\u0645\u200c\u06af",  # Uyghur
    "\u0712\u0712\u200c\u0712",  # Syriac
    "\u07ca\u07eb\u200c\u07ca",  # N'Ko, with a tone
    "\U0001e900\u200c\U0001e922",  # Adlam
    "\u1820\u200c\u1820",  # Mongolian
    "\ua872\u200c\ua840",  # Phags-pa: a letter that only joins what follows
    "\u0915\u094d\u200d\u0937",  # Devanagari: half a letter
    "\u0915\u094d\u200c\u0937",  # Devanagari: a visible virama
    "\u0930\u094d\u200d\u092f",  # Marathi
    "\u0928\u092e\u0938\u094d\u200c",  # and at the end
    "\u0915\u093c\u094d\u200d\u0937",  # with a dot below
    "\u0915\u094d\u093c\u200d\u0937",  # typed after the virama
    "\u0995\u09cd\u200c\u09b7",  # Bengali
    "\u0a95\u0acd\u200d\u0ab7",  # Gujarati
    "\u0b95\u0bcd\u200c\u0bb7",  # Tamil
    "\u0c15\u0c4d\u200c\u0c37",  # Telugu
    "\u0cb0\u0ccd\u200d\u0c95",  # Kannada
    "\u0d05\u0d35\u0d28\u0d4d\u200d",  # Malayalam: a letter at the end of a word
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala: Sri
    "\u1780\u17d2\u200c\u1781",  # Khmer
]
EMOJI = [
    "\U0001f469\u200d\U0001f4bb",  # a woman at a computer
    "\U0001f469\U0001f3fd\u200d\U0001f680",  # with the colour of her skin
    "\U0001f469\U0001f3ff\u200d\U0001f680",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # a family
    "\U0001f9d1\U0001f3fb\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f9d1\U0001f3ff",
    "\U0001f575\U0001f3fb\u200d\u2642\ufe0f",  # the second one styled
    "\U0001f575\ufe0f\u200d\u2640\ufe0f",  # both styled
    "\U0001f575\u200d\u2640",  # none styled, as some keyboards have it
    "\u2764\ufe0f",
    "\u2615\ufe0f",
    "\u2764\ufe0f\u200d\U0001f525",
    "\xa9\ufe0f",
    "1\ufe0f\u20e3",  # keys
    "#\ufe0f\u20e3*\ufe0f\u20e3",
    "\U0001f426\u200d\u2b1b",
    "\U0001f3f3\ufe0f\u200d\U0001f308",  # the rainbow flag
    f"{FLAG}\u200d\u2620\ufe0f",  # the pirates'
    FLAG + tags("gbeng"),
    FLAG + tags("gbsct"),
    FLAG + tags("gbwls") + FLAG + tags("usca"),
    "Zo\xeb \U0001f469\u200d\U0001f4bb\u2764\ufe0f",
]
# What needs nothing invisible.
PLAIN = [
    "alice",
    "Zo\xeb de la Cruz",
    "a\u3000b\xa0c\u202fd",  # three spaces
    "\u0431\u043e\u0440\u0438\u0441",
    "\u05e9\u05b8\u05dc\u05d5\u05b9\u05dd",  # Hebrew with its points
    "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f",  # Arabic with its vowels
    "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",  # Thai
    "\u0f56\u0f7c\u0f51",  # Tibetan
    "Nguy\u1ec5n",
    "\ud55c\uad6d",  # Korean, in syllables; in NFD, in letters
    "\u1112\u119e\u11ab",  # Korean of the fifteenth century
    "\u8336 \u98f2\u307f",
    "\u1826\u1828",  # Mongolian
    "\u2807\u2800\u2807",  # Braille, two letters and a space
    "\U00013000\U00013441",
    "\U0001f1eb\U0001f1f7",  # the flag of France is two visible letters
    "\U0001f44d\U0001f3fd",
    "1\u20e3",  # a digit in a frame
    "7",
    "!?",
    "\u2605",
]

# Invisible in each of these places, or nothing to be seen.
LOST = {
    "the joiners": ["\u200c", "\u200d", "alice\u200d", "alice\u200c", "\u200dalice"],
    "joiners between Latin letters": ["al\u200dice", "al\u200cice", "a\u0301\u200cb"],
    "a joiner and nothing to join": [
        "\u0645\u06cc\u200c",
        "\u200c\u0645\u06cc",
        "\u0631\u200c\u0645",  # the first letter never joins the next one
        "\u0645\u200c\u0621",  # the second letter joins nothing
        "\u0645\u200ca",
        "a\u200c\u0645",
        "\u0645\u200c \u0645",
        "\u0645\u200d\u0645",  # they are joined anyhow
        "\u0647\u200d",
        "\u0645\u200c\u200c\u0645",
        "\u1820\u200d\u1820",
    ],
    "a joiner without a virama": [
        "\u0915\u200d\u0937",
        "\u0915\u094d\u200d\u200d\u0937",
        "\u0915\u094d\u0937\u200d",
        "\u200d\u094d\u0915",
        "\u200d\u0915\u094d",  # it is at the end, and the joiner at the beginning
    ],
    "half of an emoji": [
        "\U0001f469\u200d",
        "\u200d\U0001f469",
        "\U0001f469\u200d\u200d\U0001f4bb",
        "\U0001f469\u200da",
        "a\u200d\U0001f469",
        "1\u200d2",  # digits are Emoji, too
        "\U0001f1eb\u200d\U0001f1f7",
        "\U0001f3fd\u200d\U0001f3fd",
        "\U0001f469\u200c\U0001f4bb",
        "\u2605\u200d\u2605",  # a pictograph, and not an emoji
    ],
    "a style of nothing": [
        "\ufe0f",
        "alice\ufe0f",
        "alice1\ufe0f",
        "1\ufe0f",
        "\ufe0f\u20e3",
        "a\ufe0f\u20e3",
        "\u2764\ufe0f\ufe0f",
        "\u2764\ufe0e",  # as text: no emoji sequence
        "\U0001f600\ufe0f",  # it has one style only
        "\u8336\ufe0f",
        "\u2605\ufe0f",
        "\U0001f44d\U0001f3fd\ufe0f",
        "\U0001f469\ufe0e\u200d\U0001f4bb",
    ],
    "other variation selectors": [
        "alice\ufe00",
        "\u8336\ufe00",
        "\u845b\U000e0100",
        "\u1820\u180b",
        "alice\u180b",
        "\u1820\u180e\u1820",
        "\u1820\u180f",
    ],
    "tags": [
        tags("gbeng"),
        "alice" + tags("gbeng"),
        "\U000e0041",
        "\U000e0001",
        FLAG + tags("gbeng")[:-1],  # without an end
        FLAG + "\U000e007f",  # with nothing in it
        FLAG + tags("gb"),  # a country, and no part of it
        FLAG + tags("gbenglan"),
        FLAG + tags("GBENG"),
        FLAG + tags("gb eng"),
        "\U0001f600" + tags("gbeng"),
        FLAG + tags("gbeng") + tags("gbsct"),
    ],
    "what divides nothing": ["al\xadice", "al\u2060ice", "\ufeffalice", "al\u200bice"],
    "fillers": ["\u3164", "\u115f", "\u1160", "\uffa0", "alice\u3164", "\u115f\u1161"],
    "a joiner of marks": ["alice\u034f", "e\u034f\u0301", "\u034f"],
    "vowels that are not written": ["\u1780\u17b4", "\u17b5"],
    "directions": ["\u202eecila", "\u2066alice\u2069", "alice\u200e", "\u061calice"],
    "notes": ["\U0001d173a", "\U0001bca0"],
    "reserved for the invisible": ["a\u2065", "a\ufff0", "a\U000e0080", "a\U000e0fff"],
    "controls": ["\x00", "a\tb", "a\nb", "a\x1b[2J", "a\x7f", "a\x85b", "\x9b2J"],
    "lines and paragraphs": ["a\u2028b", "a\u2029b"],
    "format": ["\u0600\u0661", "\ufff9a\ufffab\ufffb", "\U000110bd\U000110bc"],
    "surrogates": ["\ud800", "a\udc80"],
    "private use": ["\ue000", "a\uf8ff", "\U000f0000", "\U0010fffd"],
    "nothing there": ["\u0378", "a\ufdd0", "a\uffff", "\U0010fffe", "\U000e1000"],
    "nothing to be seen": [
        "",
        " ",
        "\u3000",
        "\u2800",
        "\u2800\u2800 \xa0",
        "\U0001d159",
        "\U00013441\U00013442",
        "\u0301",
        "\u0301 \u0308",
        "\u20e3",
        "\u093e",
        "\u2800\u0301",
        "\u094d\u200d",
    ],
}


@pytest.mark.parametrize("text", [*JOINED, *EMOJI, *PLAIN], ids=described)
def test_what_its_script_writes_is_shown_in_each_form(text):
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    for typed in (text, *forms):
        assert characters.is_shown(typed), ascii(typed)


@pytest.mark.parametrize("kind", LOST)
def test_what_is_lost_is_not_shown_in_any_form(kind):
    for text in LOST[kind]:
        forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
        for typed in (text, *forms):
            assert not characters.is_shown(typed), ascii(typed)


@pytest.mark.parametrize("text", [*JOINED, *EMOJI], ids=described)
def test_what_is_written_with_something_invisible_is_refused_with_more_of_it(text):
    for more in ("\u200b", "\ufe00", "\u180b", "\u3164", "\u200c", tags("a")):
        for place in (0, len(text)):
            twisted = text[:place] + more + text[place:]
            assert not characters.is_shown(twisted), ascii(twisted)


def every(table):
    """Return all characters of a table of the module."""
    for entry in table.split():
        first, _, last = entry.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


def test_no_default_ignorable_code_point_is_shown_by_itself_or_in_a_name():
    found = [*every(characters.IGNORABLE)]
    assert len(found) > 4000
    for character in found:
        for text in (
            character,
            f"alice{character}",
            f"{character}a",
            f"al{character}i",
        ):
            assert not characters.is_shown(text), ascii(text)
        assert characters.without_ignorable(f"al{character}ice") == "alice"


# A character of each version, and the first one that has it.
NEW = {
    "\u0870": (14, 0),
    "\U0001fae8": (15, 0),
    "\U0002ebf0": (15, 1),
    "\u1c89": (16, 0),
}


@pytest.mark.parametrize("character", NEW, ids=described)
def test_a_character_is_shown_if_the_unicode_of_this_python_has_it(character):
    assert characters.is_shown(character) is (NEW[character] <= UNICODE)


def test_all_space_is_left_out_at_the_ends():
    known = {chr(number) for number in range(0x110000) if chr(number).isspace()}
    assert known | {*characters.BLANK} == {*characters.SPACE}
    around = "".join(characters.SPACE)
    assert f"{around}a{around}b{around}".strip(characters.SPACE) == f"a{around}b"


# What RFC 5892 says of joiners has been written by others, too.
LETTERS = (
    "\u0628\u062a\u0645\u06cc\u0631\u0627\u0648\u0621\u0640\u064e\u0651\u0670"  # Arabic
    "\u0712\u0710\u07ca\u07eb\u1820\u1885\u1887\ua840\ua872\U00010ac0\U0001e900"
    "\u0915\u0930\u094d\u093c\u093e\u0d15\u0d4d\u0d9a\u0dca\u1780\u17d2a1 "
)


@given(st.text(st.sampled_from(LETTERS + "\u200c\u200d" * 8), min_size=1, max_size=8))
@quick
def test_joiners_are_allowed_where_the_package_idna_allows_them(text):
    text = unicodedata.normalize("NFC", text)
    joiners = [n for n, character in enumerate(text) if character in "\u200c\u200d"]
    seen = any(unicodedata.category(character)[0] in "LN" for character in text)
    allowed = seen and all(valid_contextj(text, n) for n in joiners)
    assert characters.is_shown(text) is allowed


@pytest.mark.parametrize("kind", ["L", "R", "D"])
def test_the_joining_types_are_those_of_the_package_idna(kind):
    ours = {*map(ord, every(getattr(characters, f"JOINING_{kind}")))}
    theirs = set()
    for packed in idnadata.joining_types[kind]:  # of a later Unicode
        theirs.update(range(packed >> 32, packed & 0xFFFFFFFF))
    assert ours <= theirs
    if UNICODE[:2] == tuple(map(int, characters.VERSION.split(".")))[:2]:
        later = theirs - ours
        assert [n for n in later if unicodedata.category(chr(n)) != "Cn"] == []


def test_the_page_on_the_protocol_names_the_version():
    page = (story.ROOT / "docs" / "protocol.rst").read_text(encoding="utf-8")
    version = characters.VERSION.removesuffix(".0")
    assert f"The tables are those of Unicode {version}." in page
    known = ".".join(unicodedata.unidata_version.split(".")[:2])
    assert re.search(
        rf"\b{re.escape(known)} in\s+(Python )?3\.{sys.version_info[1]}\b", page
    )


# The tables are what the files of the standard say.


@pytest.fixture(scope="module")
def files():
    folder = character_tables.FOLDER
    how = "apt-get install unicode-data; for another version see CONTRIBUTING.md"
    if not (folder / "emoji" / "emoji-data.txt").exists():
        pytest.skip(f"{folder} has no data files of Unicode: {how}")
    if (there := character_tables.version(folder)) != characters.VERSION:
        renew = f"python -m tests.character_tables {folder}"
        ours = f"the tables are of {characters.VERSION}"
        pytest.skip(f"{folder} is of {there}, {ours}; to renew them: {renew}")
    return folder


def test_the_tables_are_those_of_the_standard(files):
    text = character_tables.MODULE.read_text(encoding="utf-8")
    assert character_tables.renewed(text, files) == text


def test_every_emoji_of_the_standard_is_shown(files):
    count = 0
    for fields in character_tables.entries(files / "emoji" / "emoji-test.txt"):
        text = "".join(chr(int(number, 16)) for number in fields[0].split())
        if all(unicodedata.category(character) != "Cn" for character in text):
            assert characters.is_shown(text), ascii(text)
            count += 1
    assert count > 4000


SMALL = {  # files of the standard, of a version that is none
    "DerivedCoreProperties.txt": (
        "# DerivedCoreProperties-99.1.0.txt\n\n"
        "00AD ; Default_Ignorable_Code_Point # Cf SOFT HYPHEN\n"
        "115F..1160 ; Default_Ignorable_Code_Point # Lo\n"
        "0041..005A ; Alphabetic # L&\n"
    ),
    "ArabicShaping.txt": (
        "# ArabicShaping-99.1.0.txt\n0626; DOTLESS; D; YEH\n0627; ALEF; R; ALEF\n"
        "0628; DOTLESS; D; BEH\nA872; L; L; No_Joining_Group\n"
    ),
    "emoji/emoji-data.txt": (
        "# Used with Emoji Version 99.1 and\n0023 ; Emoji #\n2764 ; Emoji # E\n"
        "1F600 ; Emoji # E1.0\n2764 ; Extended_Pictographic # E\n"
        "1F600..1F601 ; Extended_Pictographic # E1.0\n"
    ),
    "emoji/emoji-variation-sequences.txt": (
        "# Used with Emoji Version 99.1 and\n0023 FE0F ; emoji style; #\n"
        "2764 FE0F  ; emoji style;  # (1.1) HEAVY BLACK HEART\n"
    ),
}


def test_the_tables_are_renewed_where_they_stand(tmp_path):
    (tmp_path / "emoji").mkdir()
    for name, text in SMALL.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    old = character_tables.MODULE.read_text(encoding="utf-8")
    new = character_tables.renewed(old, tmp_path)
    for line in (
        'VERSION = "99.1.0"',
        'IGNORABLE = "ad 115f-1160"',
        'JOINING_L = "a872"',
        'JOINING_R = "627"',
        'JOINING_D = "626 628"',
        'EMOJI_STYLED = "2764"',
        'EMOJI_COLOURED = "1f600"',
    ):
        assert f"\n{line}\n" in new
    rest = old.partition("\n# Control, format")[2]
    assert new.endswith(rest)
    (tmp_path / "ArabicShaping.txt").write_text("# ArabicShaping-98.0.0.txt\n")
    with pytest.raises(ValueError, match="several versions"):
        character_tables.renewed(old, tmp_path)
