"""Every notebook has the form of the others; test_book.py sees that it runs."""

import ast
import re
from itertools import pairwise

import nbformat
import pytest

from lab import behaviours, story
from lab.story import ROOT

NOTEBOOKS = ROOT / "notebooks"
EVERY = sorted(NOTEBOOKS.glob("*.ipynb"))
PAGES = sorted((ROOT / "docs").glob("*.rst"))
LONGEST = 8  # lines of code that a cell may have: what is seen at one glance

ORDER = [step.name for step in story.steps() if step.kind != "client"]
SERVERS = [step for step in story.steps() if step.kind == "server"]


def found(step):
    """Return the notebooks of a step, which are told by the number in their name."""
    return sorted(NOTEBOOKS.glob(f"{step.number}_*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parsed(cell):
    """Return the syntax tree of a cell; SyntaxError for %pip and all other magic."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compile(cell.source, cell.id, "exec", flags)


def judged(notebook):
    """Return the behaviour and the step of each call of ``judge``.

    What a learner has written is judged as well, and is no step.
    """
    return [
        tuple(argument.value for argument in node.args)
        for cell in code_cells(notebook)
        for node in ast.walk(parsed(cell))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "judge"
        if all(isinstance(argument, ast.Constant) for argument in node.args)
    ]


def may_raise(cell):
    return "raises-exception" in cell.metadata.get("tags", [])


def called(notebook):
    """Return the functions that its cells call, as they write them."""
    return {
        ast.unparse(node.func)
        for cell in code_cells(notebook)
        for node in ast.walk(parsed(cell))
        if isinstance(node, ast.Call)
    }


def may_be_its_title(path, title):
    """Whether this is a title that tells a notebook from the chapter beside it."""
    numbers = [step.number for step in SERVERS if path in found(step)]
    start = f"Notebook {numbers[0]}: " if numbers else "Notebook: "
    return title.startswith(start) and len(title) > len(start)


of_each = pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)


@of_each
def test_code_that_raises_is_marked_as_wrong(path):
    for cell in code_cells(read(path)):
        assert ("# wrong" in cell.source) == may_raise(cell), cell.source


@of_each
def test_it_is_stored_without_outputs(path):
    notebook = read(path)
    assert [cell.outputs for cell in code_cells(notebook) if cell.outputs] == []
    assert {cell.execution_count for cell in code_cells(notebook)} == {None}


@of_each
def test_it_is_a_plain_python_notebook(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


@of_each
def test_its_title_tells_it_from_the_chapter_beside_it(path):
    title = read(path).cells[0]
    assert title.cell_type == "markdown"
    heading = title.source.splitlines()[0]
    assert may_be_its_title(path, heading.removeprefix("# ")), heading


@of_each
def test_its_first_code_is_one_import(path):
    (statement,) = parsed(code_cells(read(path))[0]).body
    assert isinstance(statement, ast.ImportFrom)
    assert statement.module == "book"


@of_each
def test_each_cell_has_a_question_before_it_and_an_explanation_after_it(path):
    notebook = read(path)
    first = notebook.cells.index(code_cells(notebook)[0])
    rest = notebook.cells[first + 1 :]
    assert len(rest) % 3 == 0
    for before, cell, after in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        assert "**Predict.**" in before.source
        assert cell.cell_type == "code"
        assert after.source.startswith("**Explain.**")


@of_each
def test_its_cells_are_short_and_define_nothing(path):
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for cell in code_cells(read(path)):
        assert len(cell.source.splitlines()) <= LONGEST, cell.source
        if "exercise" in cell.metadata.get("tags", []):
            continue  # where the learner writes a function
        nodes = ast.walk(parsed(cell))
        assert not [node for node in nodes if isinstance(node, definitions)]


@of_each
def test_its_last_code_closes_everything_or_shows_that_nothing_is_open(path):
    notebook = read(path)
    opens = called(notebook) & {"start", "connect"}
    last = ".stop()" if opens else "asyncio.all_tasks()"
    todo = f"{last} belongs into the last code cell of {path.name}"
    assert last in code_cells(notebook)[-1].source, todo


@of_each
def test_no_line_number_is_typed(path):
    for cell in read(path).cells:
        assert not re.search(r"\blines? \d+", cell.source), cell.source


@pytest.mark.parametrize(
    ("step", "following"), list(pairwise(SERVERS)), ids=lambda step: step.name
)
def test_it_shows_what_the_next_step_will_mend(step, following):
    assert found(step), f"write one notebook notebooks/{step.number}_<title>.ipynb"
    (path,) = found(step)
    next_steps = ORDER[ORDER.index(step.name) + 1 : ORDER.index(following.name) + 1]
    tried = [name for name, on in judged(read(path)) if on == step.number]
    todo = f"let {path.name} judge() a behaviour that {following.name} brings"
    assert [n for n in tried if behaviours.find(n).since in next_steps], todo


def test_every_server_has_one_notebook_and_no_notebook_is_without_a_page():
    of_steps = [path for step in SERVERS for path in found(step)]
    numbers = [step.number for step in SERVERS]
    todo = "one notebook NN_<title>.ipynb for each server step"
    assert [path.name[:2] for path in of_steps] == numbers, todo
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    others = [path for path in EVERY if path not in of_steps]
    links = [f":doc:`/notebooks/{path.stem}`" for path in others]
    titled = r":doc:`[^`<]*<{}>`"
    assert [
        path
        for path, link in zip(others, links, strict=True)
        if not any(
            link in text or re.search(titled.format(f"/notebooks/{path.stem}"), text)
            for text in texts
        )
    ] == []
