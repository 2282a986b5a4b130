"""The rules of the house: how a step looks, who imports whom, what belongs together."""

import ast
import inspect
import re
import sys
import textwrap
from itertools import pairwise

import pytest

from lab import behaviours, story
from lab.course import changes
from lab.host import load
from lab.mistakes.twins import mistakes, twins
from lab.story import ROOT, Step

MOST_CHANGED = 40  # lines that a step may change of the step before
MORE_ALLOWED = {
    "server04": 60,  # a client gets a state of its own, and rooms
    "server07": 60,  # signals, phases and deadlines are one idea, and of no use apart
    "server08": 60,  # each handler says why it refuses
}
MOST_ADDED = {
    "server13": 99,  # it takes a server apart: lines that only move do not count
}
# The only modules of the lab that need a library, and which.
LIBRARIES = {"lab/play/terminal.py": {"prompt_toolkit"}}
LONGEST = 40  # lines of code that a function may have; reasons do not count

STEPS = story.steps()
NAMES = [step.name for step in STEPS]
SERVERS = [step for step in STEPS if step.kind == "server"]
SIDES = [step for step in STEPS if step.kind == "side"]
NETWORKED = [step for step in SERVERS if step.listens]

OF_STEPS = sorted((ROOT / "steps").glob("*.py"))
OF_LAB = sorted((ROOT / "lab").rglob("*.py"))
OF_BENCH = sorted((ROOT / "bench").rglob("*.py"))

FORM = re.compile(
    r"[A-Z][^\n]+\.\n\nNew: [^\n]+\.\nStill wrong: [^\n]+\.(\n\n.+)?", re.S
)


def named(path):
    return path.relative_to(ROOT).as_posix()


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path):
    """Return the full names of the modules that a file imports, wherever it does."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def of_the_standard_library(module):
    return module.partition(".")[0] in sys.stdlib_module_names


of_each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
of_each_server = pytest.mark.parametrize("step", SERVERS, ids=lambda step: step.name)


# A step.


@of_each_step
def test_a_step_says_what_it_does_what_is_new_and_what_is_still_wrong(step):
    form = "a sentence, an empty line, 'New: ...' and 'Still wrong: ...', a line each"
    said = ast.get_docstring(parsed(step.path)) or ""
    assert FORM.fullmatch(said), f"begin the docstring of {step.name} with {form}"


@pytest.mark.parametrize(
    ("step", "following"), list(pairwise(SERVERS)), ids=lambda step: step.name
)
def test_a_step_changes_few_lines_of_the_one_before(step, following):
    changed = changes.count(changes.source(step), changes.source(following))
    most = MORE_ALLOWED.get(following.name, MOST_CHANGED)
    if following.name in MOST_ADDED:
        changed, most = changes.added(following, step), MOST_ADDED[following.name]
    todo = f"{following.name} changes {changed} lines of code, 1 to {most} are allowed"
    assert 0 < changed <= most, f"{todo}: move what is larger into a new utils file"


def test_only_few_steps_may_change_more_and_not_much_more():
    assert set(MORE_ALLOWED) | set(MOST_ADDED) <= set(NAMES)
    assert len(MORE_ALLOWED) <= 3
    assert list(MOST_ADDED) == ["server13"]
    assert max(MORE_ALLOWED.values()) <= 60


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("a\nb\n", "a\nb\n", 0),
        ("a\n", "a\nb\nc\n", 2),
        ("a\nb\n", "a\n", 1),
        ("a\nb\nc\n", "a\nx\nc\n", 1),
        ("a\nb\n", "a\nx\ny\n", 2),
        ("a\n\nb\n", "a\nb\n\n\n", 0),
        ('"""One\n\ntwo."""\na\n', '"""Three."""\na\n', 0),
        ("a\n", "# a reason\na  # another\n", 0),
        ("def f():\n    a\n", 'def f():\n    """Do a."""\n    a\n', 0),
        ("a = '# x'\n", "a = '# y'\n", 1),
    ],
)
def test_changed_lines_are_counted_without_reasons_and_empty_lines(old, new, changed):
    assert changes.count(old, new) == changed


def test_lines_that_move_into_another_file_are_not_added(tmp_path):
    before = tmp_path / "server90.py"
    before.write_text("a = 1\nb = 2\n")
    after = tmp_path / "server91.py"
    after.write_text("from utils04 import c\n\nb = 2\nd = 3\n")
    only_there = len(changes.code(changes.source(story.find("utils04"))))
    assert changes.added(Step(after), Step(before)) == 2 + only_there
    after.write_text("if b:\n    a = 1\n")
    assert changes.added(Step(after), Step(before)) == 1


@pytest.mark.parametrize("path", OF_STEPS + OF_LAB + OF_BENCH, ids=named)
def test_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    for name, node in changes.names(text):
        whole = textwrap.dedent(
            "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
        )
        lines = 0 if isinstance(node, ast.ClassDef) else len(changes.code(whole))
        assert lines <= LONGEST, f"{name} has {lines} lines of code; at most {LONGEST}"


@pytest.mark.parametrize(
    ("name", "most"), [("client01", 179), ("terminal", 100), ("pace", 150)]
)
def test_a_client_and_what_it_shares_stay_small(name, most):
    text = story.find(name).path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= most


@pytest.mark.parametrize("step", SERVERS[1:] + SIDES, ids=lambda step: step.name)
def test_a_server_has_a_main_with_the_host_and_the_port_of_the_book(step):
    main = load(step).main
    assert inspect.iscoroutinefunction(main)
    defaults = {p.name: p.default for p in inspect.signature(main).parameters.values()}
    assert defaults == {"host": "127.0.0.1", "port": 9011}


# Who imports whom.


@pytest.mark.parametrize("path", OF_STEPS, ids=named)
def test_a_step_imports_the_standard_library_and_what_is_shared_only(path):
    others = [name for name in imported(path) if not of_the_standard_library(name)]
    shared = [step.name for step in STEPS if step.kind in ("utils", "module")]
    assert set(others) <= set(shared)


@pytest.mark.parametrize("path", OF_LAB, ids=named)
def test_the_lab_imports_the_standard_library_and_itself_only(path):
    others = [name for name in imported(path) if not of_the_standard_library(name)]
    found = {name.partition(".")[0] for name in others} - {"lab"}
    assert found == LIBRARIES.get(named(path), set())


@pytest.mark.parametrize("path", OF_STEPS + OF_LAB, ids=named)
def test_what_needs_a_library_is_imported_within_a_function_only(path):
    """So that nothing else needs it, in the browser for instance."""
    modules = {name.removesuffix(".py").replace("/", ".") for name in LIBRARIES}
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            names.add(str(node.module))
        else:
            continue
        assert names.isdisjoint(modules)


@pytest.mark.parametrize("path", OF_BENCH, ids=named)
def test_only_a_peer_imports_what_the_tests_do_not_have(path):
    others = [name for name in imported(path) if not of_the_standard_library(name)]
    foreign = {name.partition(".")[0] for name in others} - {"bench", "lab"}
    assert not foreign or path.parent.name == "peers" or foreign == {"psutil"}


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "docs").rglob("*.py"))
    + sorted((ROOT / "notebooks").glob("*.py"))
    + OF_BENCH,
    ids=named,
)
def test_nothing_imports_the_tests(path):
    tests = {"tests", *(test.stem for test in (ROOT / "tests").glob("*.py"))}
    assert tests.isdisjoint(name.partition(".")[0] for name in imported(path))


def test_the_search_for_imports_finds_them(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import a.b, c\ndef f():\n    from d import e\n    from . import g\n"
    )
    assert list(imported(file)) == ["a.b", "c", "d", "."]


# Behaviours and broken twins.


def test_there_are_at_least_fifteen_behaviours_and_three_broken_twins():
    assert len(behaviours.every()) >= 15
    assert len(twins()) >= 3


@pytest.mark.parametrize("behaviour", behaviours.every(), ids=lambda b: b.name)
def test_a_behaviour_begins_with_a_step_and_ends_with_a_later_one(behaviour):
    assert behaviour.since in NAMES
    if behaviour.until in NAMES:
        assert NAMES.index(behaviour.since) < NAMES.index(behaviour.until)
    elif behaviour.until is not None:  # a step that is still to be written
        assert re.fullmatch(r"server\d\d", behaviour.until)
        assert behaviour.until > SERVERS[-1].name


@pytest.mark.parametrize("behaviour", behaviours.every(), ids=lambda b: b.name)
def test_a_behaviour_stands_in_the_module_of_its_step(behaviour):
    step = story.find(behaviour.since)
    own = f".s{step.number}_" if step.kind == "server" else f"_{step.name}_"
    assert own in behaviour.run.__module__


def test_a_wrong_version_is_named_for_its_mistake_and_not_for_a_step():
    assert not {twin.name for twin in [*twins(), *mistakes()]} & set(NAMES)


# One number, five artefacts.


def pages():
    return sorted((ROOT / "docs").glob("[0-9][0-9]-*.rst"))


def notebooks():
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def has_a_page(notebook):
    """Return whether a page says where to find a notebook."""
    link = f":doc:`/notebooks/{notebook.stem}`"
    texts = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.rst")]
    return any(link in text for text in texts)


def modules_of_behaviours():
    return sorted((ROOT / "lab" / "behaviours").glob("s[0-9][0-9]_*.py"))


def rows():
    """Return the names of the steps in the story table of the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)


@of_each_server
def test_a_step_has_one_page_and_one_notebook(step):
    own = [path for path in pages() if path.name[:2] == step.number]
    assert len(own) == 1, (
        f"write one page docs/{step.number}-<title>.rst for {step.name}"
    )
    own = [path for path in notebooks() if path.name[:2] == step.number]
    assert len(own) == 1, f"write one notebook notebooks/{step.number}_<title>.ipynb"


@pytest.mark.parametrize("side", SIDES, ids=lambda step: step.name)
def test_a_side_step_has_a_server_that_it_is_another_form_of(side):
    assert side.number in {step.number for step in SERVERS}
    own = story.find(side.number)
    assert side.wrong == own.wrong
    assert [b for b in behaviours.every() if b.since == side.name] == []


@of_each_server
def test_a_step_has_behaviours_of_its_own(step):
    file = f"lab/behaviours/s{step.number}_<what it is about>.py"
    own = [b for b in behaviours.every() if b.since == step.name]
    assert own, f"write in {file} what {step.name} can do that no earlier step can"


@of_each_step
def test_a_step_has_a_row_in_the_story_table(step):
    todo = "copy its row from python -m lab story --markdown into the README, once"
    assert rows().count(step.name) == 1, f"{step.name}: {todo}"


def test_there_is_no_page_notebook_behaviour_or_row_without_a_step():
    numbers = {step.number for step in SERVERS}
    assert [path for path in pages() if path.name[:2] not in numbers] == []
    without_step = [path for path in notebooks() if path.name[:2] not in numbers]
    assert [path for path in without_step if not has_a_page(path)] == []
    modules = modules_of_behaviours()
    assert [path for path in modules if path.name[1:3] not in numbers] == []
    assert [name for name in rows() if name not in NAMES] == []
