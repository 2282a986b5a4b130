"""Texts with something invisible in them: what Python says of them, and what we say."""

from lab import story
from lab.host import load

is_shown = load(story.find("characters")).is_shown

TEXTS = {
    "alice": "alice",
    "alice, and a filler of the Korean script": "alice\u3164",
    "alice, and a selector for emoji": "alice\ufe0f",
    "alice, and a joiner": "alice\u200d",
    "a word in Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0646",
    "a woman at a computer": "\U0001f469\u200d\U0001f4bb",
    "Braille without a dot": "\u2800",
}

print(f"{'':41}{'isprintable':13}is_shown")
for what, text in TEXTS.items():
    print(f"{what:41}{text.isprintable()!s:13}{is_shown(text)}")
