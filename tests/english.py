"""Counts, in the prose of the book, the habits by which English sounds translated.

``python -m tests.english`` prints a line for each habit: how often it occurs in 1,000
words, and how often it may. The limits are about twice the highest figure of five
models (Trio, Tokio, websockets, Crafting Interpreters, The Rust Programming Language),
measured with the same expressions. Exit status 1 if the book misses one, or a page
misses one by a factor of two. The expressions are rough: a hit is a place to look at,
and a page within the limits can still be bad.
"""

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# A body (somebody, nobody) or a one (someone) in place of the one who acts.
BODIES = (
    r"\b(?:[Nn]o|[Ss]ome|[Ee]very|[Aa]ny)body\b"
    r"|\b(?:[Ss]ome|[Ee]very|[Aa]ny)one\b|\b[Nn]o one\b"
)
WHAT = (
    r"\b[Ww]hat (?:is|was|are|were|has|had|comes|came|waits|waited|it|they|we|he|she|a"
    r"|the|one|others|people|belongs|arrives|stands|lies|follows|goes|could|can|may|must"
    r"|will|would) (?![^.]*\?)"
)
THOSE = (
    r"\b[Tt]hose (?:who|that|of|which|in|with|for)\b"
    r"|\b[Tt]he ones? (?:who|that|whose|which)\b|\b[Tt]he others?\b"
)
TO_DO = (
    r"(?:^|[.:;(] )To [a-z]+[^.?,]* (?:is|are|was|takes|would|means|costs|does|needs) "
)
IS_TO = r"\b(?:is|are|was|were) to (?!the |a |an |this |that |these |it |them )[a-z]+"
IS_NO = r"\b(?:is|are|was|were|be) no (?!longer|more\b|less\b|way|need|idea)[a-z]+"
FOR = (
    r", for (?:the|a|an|it|there|that|this|these|they|we|you|he|she|each|all|in|on|no"
    r"|what|nothing|one|only|now|here|by|from|with|its|our|many|most)\b"
)
OF_OURS = (
    r"\bof (?:ours|yours|theirs|mine|its own|his own|her own|our own|their own"
    r"|your own)\b"
)
X_OF_Y = (
    r"\b(?:time|clock|memory|end|task|call|buffer|limit|reader|number|name|address|line"
    r"|program|network|system|copy|body|client|clients|connection|rooms?|messages?|half"
    r"|limits|tasks|versions?|owner|pace|word|words|part|process|size|speed|place|turn"
    r"|beginning|author|answer) of (?:the|a|an|each|its|our|that|one|this|another|his"
    r"|her|Python|asyncio|step)\b"
)
ODD = (
    r"\b(?:anew|for ever|[Mm]eanwhile|all the same|in the place of|as ever|heeds?"
    r"|mends?|mended|mending|bears? it|spews?|spoilt|besides|misfortune|at hand"
    r"|in good order|of its own accord|dearest|farewell|in earnest|thrown out|put to)\b"
)
AND_VERB = (
    r", and (?:is|was|has|does|goes|gets|waits|can|could|knows|prints|says|did|had|will"
    r"|would|may|might|must|cannot|are|were|have|do|returns|calls|takes|makes|gives|puts"
    r"|sends|reads|writes|ends|tells|asks|looks|sees|hears|leaves|keeps|stops|runs|stays"
    r"|closes|finds|raises|answers|shows)\b"
)
PERFECT = (
    r"\b(?:has|have) (?:not |never |also |still |only |already |all |just )?(?:\w+ed"
    r"|done|made|said|sent|told|heard|read|written|known|kept|held|lost|thrown|taken"
    r"|given|begun|put|cut|let|left|found|seen|shown|meant|built|drawn|caught|broken|gone|come"
    r"|got|had|been|become|paid|brought)\b"
)
YOU = r"\b[Yy]ou(?:r|rs|rself)?\b"
YOU_WE = r"\b(?:[Yy]ou(?:r|rs|rself)?|[Ww]e|[Oo]ur|us|[Ll]et's)\b"
SHORT_FORMS = (
    r"\b\w+[’'](?:t|re|ll|ve|d|m)\b"  # noqa: RUF001  # both apostrophes
    r"|\b(?:[Ii]t|[Tt]hat|[Tt]here|[Hh]ere|[Ww]hat|[Ll]et|[Hh]e|[Ss]he)[’']s\b"  # noqa: RUF001
)


@dataclass(frozen=True)
class Habit:
    """What is counted: its name, the expression, and a rate per 1,000 words.

    ``most`` is whether the rate is the most that there may be, or else the least.
    """

    name: str
    expression: str
    rate: float
    most: bool = True

    def hits(self, sentences: list[str]) -> int:
        """Return how often it occurs."""
        return sum(len(re.findall(self.expression, text)) for text in sentences)

    def is_missed(self, sentences: list[str], factor: float = 1.0) -> bool:
        """Whether its rate is beyond the limit by more than a factor.

        A single hit is not a habit: with a factor, it takes two.
        """
        hits, most = self.hits(sentences), self.rate * factor
        rate = 1000 * hits / max(1, words(sentences))
        if self.most:
            return rate > most and (factor == 1.0 or hits > 1)
        return rate < self.rate / factor


HABITS = [
    Habit("whoever", r"\b[Ww]hoever\b", 0.15),
    Habit("nobody, somebody, everybody, anybody", BODIES, 1.0),
    Habit("what ... as a noun", WHAT, 1.5),
    Habit("those who, the one who, the others", THOSE, 2.0),
    Habit("to do X is to do Y", TO_DO, 0.1),
    Habit("is to be", IS_TO, 1.2),
    Habit("is no X", IS_NO, 0.45),
    Habit(", for = because", FOR, 0.2),
    Habit("stands, lies", r"\b(?:stands?|stood|lies?|lay) (?!for\b)", 0.1),
    Habit("so many, so much", r"\bso (?:many|much|few)\b(?! that)", 0.1),
    Habit("of ours, of its own", OF_OURS, 0.2),
    Habit("the X of the Y", X_OF_Y, 2.1),
    Habit("anew, for ever, mend, bear ...", ODD, 0.2),
    Habit("comma, and + verb", AND_VERB, 0.8),
    Habit("present perfect", PERFECT, 2.5),
    Habit("you", YOU, 9.0, most=False),
    Habit("you, we", YOU_WE, 15.0, most=False),
    Habit("contractions", SHORT_FORMS, 3.0, most=False),
]
SENTENCE = (12.0, 16.0)  # words, on the average

NO_PROSE = {"literalinclude", "code-block", "code", "toctree", "raw", "meta", "index"}
# Reference pages say what is, and tell no story: they need not speak to a reader.
REFERENCE = {"glossary", "protocol", "pitfalls", "cheat-sheet", "staircase"}


def words(sentences: list[str]) -> int:
    """Return how many words these sentences have."""
    return sum(len(re.findall(r"[\w’'«»-]+", text)) for text in sentences)  # noqa: RUF001


def clean(text: str) -> str:
    """Return a text without its markup; a piece of code counts as one word."""
    text = re.sub(r":[\w:-]+:`([^`<]*?)\s*<[^>`]*>`", r"\1", text)
    text = re.sub(r":[\w:-]+:`~?([^`]*)`", r"«\1»", text)
    text = re.sub(r"`([^`<]+?)\s*<[^>`]+>`_+", r"\1", text)
    text = re.sub(r"``([^`]*)``|`([^`]*)`", "«code»", text)
    text = re.sub(r"\*\*([^*]+)\*\*|\*([^*\n]+)\*", lambda m: m[1] or m[2], text)
    return re.sub(r"\s+", " ", text).strip()


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph."""
    parts = re.split(r"(?<=[.!?])[\"»)]?\s+(?=[A-Z(«\"*])", clean(text))
    return [part.strip() for part in parts if part.strip()]


def of_rst(text: str) -> list[str]:
    """Return the sentences of a page: no code, no headings, no options."""
    found: list[str] = []
    paragraph: list[str] = []
    skipped: int | None = None  # the indent of a directive that has no prose
    in_options = False
    lines = text.splitlines()

    def end() -> None:
        found.extend(sentences(" ".join(paragraph)))
        paragraph.clear()

    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        stripped, indent = line.strip(), indent_of(line)
        if skipped is not None and (not stripped or indent > skipped):
            continue
        skipped = None
        if in_options and re.match(r"\s+:[\w-]+:", line):
            continue
        in_options = False
        if not stripped:
            end()
        elif re.fullmatch(r"([=\-~^\"#*])\1{2,}", stripped):
            paragraph.clear()  # it was a heading
        elif directive := re.match(r"\.\. ([\w-]+)::", stripped):
            end()
            in_options = directive[1] not in NO_PROSE
            skipped = None if in_options else indent
        elif stripped.startswith(".. ") or re.match(r":[\w ]+: ", stripped):
            end()
        elif item := re.match(r"(?:(?:\*|-|#\.|\d+\.)\s+)+", stripped):
            end()
            paragraph.append(stripped[item.end() :])
        elif not paragraph and is_term(stripped, indent, following):
            continue
        else:
            paragraph.append(stripped)
    end()
    return found


def indent_of(line: str) -> int:
    """Return how many spaces a line begins with."""
    return len(line) - len(line.lstrip())


def is_term(text: str, indent: int, following: str) -> bool:
    """Whether a line is the term of a definition, which follows it."""
    deeper = bool(following.strip()) and indent_of(following) > indent
    return deeper and text[-1] not in ".:,;"


def of_notebook(text: str) -> list[str]:
    """Return the sentences of a notebook's text cells."""
    return [
        sentence
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "markdown"
        for paragraph in "".join(cell["source"]).split("\n")
        if not paragraph.startswith(("#", "|", "<"))
        for sentence in sentences(re.sub(r"^(- |\d+\. )", "", paragraph))
    ]


def of_markdown(text: str) -> list[str]:
    """Return the sentences of a Markdown file: no code, no tables, no headings."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^[#|<>].*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\s*(?:\d+\.|[-*])\s+", "\n", text, flags=re.MULTILINE)
    return [s for paragraph in re.split(r"\n\s*\n", text) for s in sentences(paragraph)]


def of_python(text: str, *, strings: bool = False) -> list[str]:
    """Return the sentences of the docstrings; with ``strings``, of all longer ones."""
    found: list[str] = []
    documented = set()
    has_docstring = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    nodes = list(ast.walk(ast.parse(text)))
    for node in nodes:
        if isinstance(node, has_docstring) and (docs := ast.get_docstring(node)):
            documented.add(node.body[0].value)  # type: ignore[attr-defined]
            found += [s for part in docs.split("\n\n") for s in sentences(part)]
    for node in nodes:
        if strings and isinstance(node, ast.Constant) and node not in documented:
            value = node.value
            if isinstance(value, str) and value.count(" ") > 3:
                found.append(clean(value))
    return found


@cache
def pages() -> dict[Path, list[str]]:
    """Return the sentences of pages, notebooks, README and CONTRIBUTING."""
    files = [*(ROOT / "docs").rglob("*.rst"), *(ROOT / "notebooks").glob("*.ipynb")]
    files += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    how = {".rst": of_rst, ".ipynb": of_notebook, ".md": of_markdown}
    return {p: how[p.suffix](p.read_text(encoding="utf-8")) for p in sorted(files)}


def docstrings() -> Iterator[str]:
    """Yield the sentences of steps and behaviours, and the checker's words."""
    lab = ROOT / "lab"
    files = {*(ROOT / "steps").glob("*.py"), *lab.glob("behaviours/*.py")}
    files |= {*lab.rglob("check*.py"), *(lab / "check").glob("*.py")}
    for path in sorted(files):
        text = path.read_text(encoding="utf-8")
        yield from of_python(text, strings="check" in path.as_posix())


def of_the_book() -> Iterator[tuple[bool, str]]:
    """Yield for each habit whether the book misses its limit, and a line about it."""
    prose = [sentence for found in pages().values() for sentence in found]
    everything = [*prose, *docstrings()]
    length = words(everything) / len(everything)
    at_least, at_most = SENTENCE
    text = f"{words(everything)} words, {length:.1f} a sentence"
    yield not at_least <= length <= at_most, f"{text} ({at_least:g} to {at_most:g})"
    for habit in HABITS:
        among = everything if habit.most else prose  # docstrings speak to no reader
        rate = 1000 * habit.hits(among) / words(among)
        bound = "most" if habit.most else "least"
        line = f"{habit.name:40} {rate:6.2f} (at {bound} {habit.rate})"
        yield habit.is_missed(among), line


def of_a_page(path: Path, found: list[str]) -> Iterator[str]:
    """Yield a line for each limit that a page misses by a factor of two."""
    for habit in HABITS:
        if not habit.most and path.stem in REFERENCE:
            continue
        if habit.is_missed(found, 2.0):
            rate = 1000 * habit.hits(found) / words(found)
            page = path.relative_to(ROOT)
            yield f"{page}: {habit.name}: {rate:.1f}, limit {habit.rate}"


def main() -> int:
    """Print what was counted; return 1 if a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.english")
    parser.add_argument("--show", metavar="HABIT", help="the sentences with a habit")
    options = parser.parse_args()
    if options.show:
        (habit,) = (h for h in HABITS if h.name.startswith(options.show))
        for path, found in pages().items():
            for sentence in found:
                if habit.hits([sentence]):
                    print(f"{path.relative_to(ROOT)}: {sentence}")
        return 0
    missed = False
    for is_missed, line in of_the_book():
        missed |= is_missed
        print("SHORT" if is_missed else "ok   ", line)
    for path, found in pages().items():
        for line in of_a_page(path, found):
            missed = True
            print("SHORT", line)
    return missed


if __name__ == "__main__":
    sys.exit(main())
