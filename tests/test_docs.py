"""The book: what it shows is true, and it shows nothing from anywhere else."""

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from bench import __main__ as bench
from bench.peers import available
from docs.examples.mistakes import MISTAKES
from lab import behaviours, searching, story, versions
from lab.behaviours import every
from lab.search import troubles
from lab.story import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.rst"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))
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
    for block in re.findall(r"code-block:: json\n((?: +.*\n|\n)+)", text):
        lines = [line for line in block.splitlines() if ":caption:" not in line]
        assert "action" in json.loads("\n".join(lines))


SHOWN = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
NOT_RUN_BY_THE_BUILD = [
    path
    for path in EXAMPLES
    if not re.search(rf"(output|broken|picture):: {path.name}", SHOWN)
]


@pytest.mark.parametrize("path", NOT_RUN_BY_THE_BUILD, ids=name)
def test_an_example_that_the_build_does_not_run_runs(path):
    done = subprocess.run(
        [sys.executable, "-m", f"docs.examples.{path.stem}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("path", EXAMPLES, ids=name)
def test_an_example_is_shown(path):
    assert any(path.name in page.read_text(encoding="utf-8") for page in PAGES)


WRONG = [path for path in EXAMPLES if "Wrong on purpose" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", WRONG, ids=name)
def test_a_wrong_example_is_never_shown_without_its_mark(path):
    shown = [line for page in PAGES for line in page.read_text("utf-8").splitlines()]
    shown = [line for line in shown if path.name in line]
    assert [line for line in shown if line.startswith(f".. broken:: {path.name}")]
    assert not [line for line in shown if "output::" in line]


def test_every_step_has_a_page_that_shows_it_whole():
    for step in story.steps():
        whole = f"\n.. step:: {step.name}\n"
        (page,) = DOCS.glob(
            f"{step.number if step.kind == 'server' else step.name}*.rst"
        )
        assert whole in page.read_text(encoding="utf-8")


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
]
SERVERS = story.steps_of("server")


def chapter(step):
    (page,) = DOCS.glob(f"{step.number}-*.rst")
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("step", SERVERS, ids=lambda step: step.name)
def test_a_chapter_has_its_sections_in_their_order(step):
    assert re.findall(r"^(.+)\n-{4,}$", chapter(step), re.MULTILINE) == SECTIONS


@pytest.mark.parametrize(
    ("step", "following"),
    list(itertools.pairwise(SERVERS)),
    ids=lambda step: step.name,
)
def test_the_problem_of_a_chapter_is_a_behaviour_that_it_brings(step, following):
    problem = chapter(following).split("\nThe idea\n")[0]
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
        assert words[3] in ("run", "story", "start", "check", "solution")
        assert len(words) == 4 or story.find(words[4])
    elif words[:2] == ["python", "-m"]:
        program, *names = words[2:]
        assert (ROOT / program.replace(".", "/")).with_suffix(".py").is_file()
        assert set(names) <= {mistake.name for mistake in MISTAKES}
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
    """Refuse a step, a file or a trouble that is not there; mine.py is the reader's."""
    options = searching.parsed([word for word in words if word != "mine.py"])
    searching.subject(options)
    for name in options.trouble or ():
        troubles.find(name)


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
        wanted = [part for part in re.split(r"\W+", rest[0]) if part != "or"]
        names = " ".join(b.name for b in every())
        names += " ".join(step.name for step in story.steps())
        assert all(part in names for part in wanted)
    else:
        assert all((ROOT / path).is_file() for path in [option, *rest])


LOADING = {  # the attributes that make a browser fetch something
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src",),
    "audio": ("src",),
    "object": ("data",),
}


class References(HTMLParser):
    """Collects everything that a page makes a browser load."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "link" and attributes.get("rel") in ("canonical", "license"):
            return
        for attribute in LOADING.get(tag, ()):
            if attributes.get(attribute):
                self.found.append(attributes[attribute])
        self.found += urls(attributes.get("style") or "")

    def handle_data(self, data):
        self.found += re.findall(r"@import\s+[\"']([^\"']+)", data) + urls(data)


def urls(css):
    return re.findall(r"url\(\s*[\"']?([^\"')]+)", css)


def outside(references):
    return [r for r in references if urlsplit(r).netloc]


def test_the_search_for_outside_hosts_finds_them():
    page = References()
    page.feed(
        '<script src="//cdn.example/x.js"></script><link rel="stylesheet" '
        'href="https://fonts.example/a.css"><style>@import "https://c.example/b.css";'
        "</style><p style=\"background:url('http://d.example/e.png')\">"
    )
    assert len(outside(page.found)) == 4


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the book, without running the notebooks, and without a Python in it.

    Another test runs the notebooks; JupyterLite's own pages are not ours to judge.
    """
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-n",
        "-q",
        "-j",
        "auto",
    ]
    command += ["-D", "nbsphinx_execute=never", "-d", str(folder / "doctrees")]
    done = subprocess.run(
        [*command, str(ROOT), str(folder / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "BOOK_WITHOUT_PYTHON": "1"},
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


def the_built_site_loads_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for path in pages:
        page = References()
        page.feed(path.read_text(encoding="utf-8"))
        assert not outside(page.found), path.relative_to(site)
    for path in site.rglob("*.css"):
        css = path.read_text(encoding="utf-8")
        found = urls(css) + re.findall(r"@import\s+[\"']([^\"']+)", css)
        assert not outside(found), path.relative_to(site)


def the_built_site_names_no_folder_of_this_machine(site):
    for path in site.rglob("*.html"):
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path.relative_to(site)


def the_sites_root_leads_to_the_book(site):
    target = re.search(r"url=(\S+?)\"", (site / "index.html").read_text("utf-8"))[1]
    assert (site / target).is_file()


def the_conversation_of_step_05_is_drawn_on_its_page(site):
    page = (site / "docs" / "05-delivery.html").read_text(encoding="utf-8")
    picture = re.search(
        r"<svg.*?</svg>", page[page.index('class="picture"') :], re.DOTALL
    )
    assert 'role="img"' in picture[0]
    assert "server to bob: chat tea" in picture[0]
    assert "currentColor" in picture[0]


@pytest.mark.timeout(600)
def test_the_built_site_is_complete_and_stands_alone(site):
    # One test for all: the site takes long to build, and every worker would build it.
    the_built_site_loads_nothing_from_elsewhere(site)
    the_built_site_names_no_folder_of_this_machine(site)
    the_sites_root_leads_to_the_book(site)
    the_conversation_of_step_05_is_drawn_on_its_page(site)


def test_the_readme_tells_the_story_that_the_steps_tell():
    assert story.markdown() in (ROOT / "README.md").read_text(encoding="utf-8")
