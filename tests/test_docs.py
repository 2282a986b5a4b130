"""The book: what it shows is true, and it shows nothing from anywhere else."""

import itertools
import json
import re
import shlex
import subprocess
import sys
import tomllib

import pytest

from bench import __main__ as bench
from bench.peers import available
from lab import behaviours, story, wire
from lab.behaviours import every
from lab.check.pages import SITE
from lab.commands import search, versions
from lab.host import load
from lab.mistakes import twins
from lab.search import faults
from lab.story import ROOT
from sphinx_book import running
from tests import english

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.rst"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXAMPLES = sorted((DOCS / "examples").rglob("*.py"))
STEPS = sorted((ROOT / "steps").rglob("*.py"))


def name(path):
    return path.relative_to(ROOT).as_posix()


def prose(path):
    """Return what a reader reads on a page or in a notebook, code cells left out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join(
            "".join(c["source"]) for c in cells if c["cell_type"] != "code"
        )
    return text


def python_blocks(text):
    """Return the code of every python code-block of a page, without its options."""
    directive = r"\.\. (?:code-block|sourcecode|code):: *(?:python3?|pycon)?"
    paragraph = r"(?!\.\. )\S.*::"  # one that ends with two colons
    pattern = rf"^( *)(?:{directive}|{paragraph})\n((?:\1 +.*\n|\n)+)"
    for _, block in re.findall(pattern, text, re.MULTILINE):
        lines = [line.strip() for line in block.splitlines()]
        yield [line for line in lines if line and not re.match(r":[\w-]+:", line)]


def sources():
    return [
        [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
        for path in STEPS + EXAMPLES
    ]


def is_piece(block, source):
    return any(
        source[start : start + len(block)] == block
        for start in range(len(source) - len(block) + 1)
    )


@pytest.mark.parametrize("path", PAGES + NOTEBOOKS, ids=name)
def test_no_line_number_is_typed(path):
    assert not re.findall(r"\blines? \d+", prose(path), re.IGNORECASE)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_python_on_a_page_is_a_piece_of_a_file(path):
    for block in python_blocks(path.read_text(encoding="utf-8")):
        assert any(is_piece(block, source) for source in sources()), block


def test_a_python_block_that_is_no_piece_of_a_file_is_found():
    page = ".. code-block:: python3\n   :linenos:\n\n   import antigravity\n\nText\n"
    assert list(python_blocks(page)) == [["import antigravity"]]
    assert list(python_blocks("Like this::\n\n   x = 1\n\n")) == [["x = 1"]]
    assert not any(is_piece(["import antigravity"], source) for source in sources())


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_json_on_a_page_is_json(path):
    text = path.read_text(encoding="utf-8")
    pattern = r"^( *)\.\. code-block:: json\n((?:\1 +.*\n|\n)+)"
    for _, block in re.findall(pattern, text, re.MULTILINE):
        lines = [line for line in block.splitlines() if ":caption:" not in line]
        assert "action" in json.loads("\n".join(lines))


def place(path):
    """Return what directives call an example: its place in the folder of all."""
    return path.relative_to(DOCS / "examples").as_posix()


def uses():
    """Yield each place where a page names an example: the page, how, and which."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for how, name in re.findall(r"\.\. (\w+):: ([\w/]+\.py)$", text, re.MULTILINE):
            yield page, how, running.example(page.stem, name)
        for command in re.findall(r"docs\.examples\.([\w.]+)", text):
            yield page, "command", f"{command.replace('.', '/')}.py"


USES = list(uses())
RUN = {
    name for _, how, name in USES if how in ("output", "broken", "picture", "stepper")
}
NOT_RUN_BY_THE_BUILD = [path for path in EXAMPLES if place(path) not in RUN]


@pytest.mark.parametrize("path", NOT_RUN_BY_THE_BUILD, ids=name)
def test_an_example_that_the_build_does_not_run_runs(path):
    done = subprocess.run(
        [sys.executable, "-m", running.module(place(path))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("path", EXAMPLES, ids=name)
def test_an_example_is_shown_by_the_page_whose_folder_it_is_in(path):
    pages = [page for page, _, name in USES if name == place(path)]
    folders = [running.folder(page.stem) for page in pages]
    todo = f"show {place(path)} on the page of its folder, or move it"
    assert path.parent.name in folders, todo


WRONG = [path for path in EXAMPLES if "Wrong on purpose" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", WRONG, ids=name)
def test_a_wrong_example_is_never_shown_without_its_mark(path):
    ways = {how for _, how, name in USES if name == place(path)}
    assert "broken" in ways
    assert "output" not in ways


def page(start):
    """Return the text of the page whose name starts like this."""
    found = list(DOCS.glob(f"{start}*.rst"))
    assert len(found) == 1, f"write one page docs/{start}<title>.rst, not {len(found)}"
    return found[0].read_text(encoding="utf-8")


def test_every_step_has_a_page_that_shows_it_whole():
    for step in story.steps():
        whole = f"\n.. step:: {step.name}\n"
        start = f"{step.number}-" if step.kind == "server" else step.name
        assert whole in page(start), f"show {step.name} whole, with .. step::"


SECTIONS = [  # of a chapter, in their order
    "Where we are",
    "The problem, shown",
    "The idea",
    "The change",
    "How it works",
    "The whole step",
    "Try it",
    "Test it",
    "In the wild",
    "What still hurts",
    "Your turn",
    "What to remember",
]
SERVERS = story.steps_of("server")


def chapter(step):
    return page(f"{step.number}-")


@pytest.mark.parametrize("step", SERVERS, ids=lambda step: step.name)
def test_a_chapter_has_its_sections_in_their_order(step):
    """Each begins with its first words; after a colon it may name its subject."""
    headings = re.findall(r"^(.+)\n-{4,}$", chapter(step), re.MULTILINE)
    assert [heading.partition(":")[0] for heading in headings] == SECTIONS


@pytest.mark.parametrize(
    ("step", "following"),
    list(itertools.pairwise(SERVERS)),
    ids=lambda step: step.name,
)
def test_the_problem_of_a_chapter_is_a_behaviour_that_it_brings(step, following):
    problem = chapter(following).split("\nThe idea")[0]
    check = rf"check {following.number} --only (\w+) steps/{step.name}\.py"
    (asked,) = re.findall(check, problem)
    assert behaviours.find(asked).since == following.name


def commands():
    for page in PAGES:
        for line in re.findall(r"^ +\$ (.*)$", page.read_text("utf-8"), re.MULTILINE):
            yield pytest.param(line, id=f"{page.stem}: {line}")


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_on_a_page_names_what_is_there(command):
    words = shlex.split(command)
    if words[0] == "python" and words[1] != "-m":
        assert (ROOT / words[1]).is_file()
    elif words[:3] == ["python", "-m", "lab"]:
        if words[3] == "search":
            can_be_searched(words[4:])
            return
        if words[3] == "versions":
            versions.parsed(words[4:])
            return
        assert words[3] in ("run", "show", "story", "start", "check", "solution")
        if words[3:] == ["run", "mine.py"]:
            return  # the reader's own
        assert len(words) == 4 or story.find(twins.located(words[4]))
    elif words[:2] == ["python", "-m"]:
        program, *names = words[2:]
        assert (ROOT / program.replace(".", "/")).with_suffix(".py").is_file()
        assert set(names) <= {mistake.name for mistake in twins.mistakes()}
    else:
        assert words[0] == "make"
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert f"\n{words[1]}:" in makefile
        for word in words[2:]:
            if words[1] == "bench":
                can_be_measured(word)
            else:
                selects_tests(word)


def can_be_searched(words):
    """Refuse a step, a file or a fault that is not there; mine.py is the reader's."""
    options = search.parsed([word for word in words if word != "mine.py"])
    search.subject(options)
    for name in options.fault or ():
        faults.find(name)


def can_be_measured(word):
    """Refuse a question or a server that is not there; mine.py is the reader's."""
    variable, _, arguments = word.partition("=")
    assert variable == "ARGS"
    options = bench.parser().parse_args(shlex.split(arguments))
    available(name for name in options.peers if name != "mine.py")


def selects_tests(word):
    """Refuse arguments for pytest that select no test, and a step that is not there."""
    variable, _, arguments = word.partition("=")
    if variable == "STEP":
        assert story.find(arguments)
        return
    assert variable == "ARGS"
    option, *rest = shlex.split(arguments)
    if option == "-k":
        parts = re.split(r"\W+", rest[0])
        wanted = [part for part in parts if part not in ("or", "and")]
        names = " ".join(b.name for b in every())
        names += " ".join(step.name for step in story.steps())
        assert all(part in names for part in wanted)
    else:
        assert all((ROOT / path).is_file() for path in [option, *rest])


def test_the_readme_tells_the_story_that_the_steps_tell():
    told = story.markdown() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert told, "copy what python -m lab story --markdown prints into the README"


def test_an_action_that_a_step_knows_is_in_the_table_of_the_protocol():
    told = {kind.action for kind in wire.KINDS}
    unknown = set(load(SERVERS[-1]).FIELDS) - told
    assert not unknown, f"describe {unknown} in KINDS of lab/wire.py"


def test_the_addresses_are_said_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    urls = project["project"]["urls"]
    assert urls["Documentation"] == SITE
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before = (DOCS / "before-you-start.rst").read_text(encoding="utf-8")
    clone = f"git clone {urls['Repository']} "
    assert clone in readme
    assert clone in before


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_describes_itself_and_says_its_subject(path):
    text = path.read_text(encoding="utf-8")
    meta = r"\.\. meta::\n   :description: (.+)\n\n"
    described = re.match(meta, text)
    assert described, "begin with .. meta:: and a :description:"
    assert len(described[1]) <= 160
    title = text[described.end() :].partition("\n")[0]
    if path.stem not in ("index", "glossary", "cheat-sheet"):
        todo = "the title has the story, a dash, and the subject"
        assert re.search(r"(?: \N{EN DASH}|:|\?) ", title), todo


def section(text, heading):
    """Return a section of a page; nothing if it has none that begins like this."""
    found = re.search(
        rf"^{heading}.*\n-{{4,}}\n((?:(?!.+\n-{{4,}}\n).*\n)*)", text, re.MULTILINE
    )
    return found[1] if found else ""


NUMBERS = {"two": 2, "three": 3, "four": 4, "second": 2, "third": 3, "fourth": 4}


def terminals(text):
    """Return how many terminals a text speaks of: three terminals, a third terminal."""
    said = re.findall(r"\b(\w+) terminals?\b", re.sub(r"\s+", " ", text.lower()))
    return max((NUMBERS.get(word, 1) for word in said), default=0)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_facts_ask_for_as_many_terminals_as_the_page_uses(path):
    text = path.read_text(encoding="utf-8")
    needed = re.search(r"^:You need: (.*)$", text, re.MULTILINE)
    used = terminals(section(text, "Try it"))
    if needed and used > 1:
        assert terminals(needed[1]) == used


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_is_no_longer_than_a_reader_bears(path):
    prose = english.of_rst(path.read_text(encoding="utf-8"))
    if path.stem != "glossary":  # nobody reads that from end to end
        assert english.words(prose) <= 2500


def test_the_picture_of_the_readme_is_drawn_by_a_program():
    command = [sys.executable, "-m", "docs.examples.index.chat_picture"]
    drawn = subprocess.check_output(command, cwd=ROOT, text=True)
    on_white = drawn.replace("color:inherit", "color:#1f2328;background:#fff")
    assert (DOCS / "_static" / "chat.svg").read_text(encoding="utf-8") == on_white
