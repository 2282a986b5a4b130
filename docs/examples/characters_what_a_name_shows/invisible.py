"""Compares isprintable and is_shown for strings with something invisible in them."""

from lab import story
from lab.host import load

is_shown = load(story.find("characters")).is_shown

TEXTS = {
    "alice": "alice",
    "alice and a Korean filler": "alice\u3164",
    "alice and an emoji selector": "alice\ufe0f",
    "alice and a joiner": "alice\u200d",
    "a word in Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",
    "a woman at a computer": "\U0001f469\u200d\U0001f4bb",
    "Braille without a dot": "\u2800",
}

print(f"{'':29}{'isprintable':13}is_shown")
for what, text in TEXTS.items():
    print(f"{what:29}{text.isprintable()!s:13}{is_shown(text)}")
