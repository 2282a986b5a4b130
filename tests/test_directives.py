"""The directives of the book: what they show, and that drift fails the build."""

import html
import json
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

import pytest
from sphinx.util.inventory import InventoryFile

from lab import behaviours, story, wire
from lab.course import changes
from lab.course.error_codes import codes
from lab.mistakes import twins
from lab.story import ROOT
from sphinx_book import callouts, inventory, listing, running

LIST = "docs/_data/python-inventory.txt"
EXAMPLES = "docs/examples"
NAIVE = "python -m docs.examples.utils01_messages.naive_messages"

# ---- What is computed, without Sphinx.

OLD = '"""Old."""\n\nx = 1\n\n\ndef f():\n    return 1\n\n\ndef gone():\n    pass\n'
NEW = '"""New."""\n\nx = 1\ny = 2\n\n\ndef f():\n    return 2\n'


def test_what_changes_is_counted_without_docstring_and_empty_lines():
    assert changes.count("x = 1\n", "x = 1\n") == 0
    assert changes.count('"""A."""\nx = 1\n', '"""B.\n\nC.\n"""\n\nx = 1\n') == 0
    assert changes.count("x = 1\n", "x = 1\n\n\ny = 2\n") == 1


def test_a_line_that_is_replaced_counts_once():
    assert changes.count("x = 1\n", "x = 2\n") == 1
    assert changes.count("x = 1\n", "x = 2\ny = 3\n") == 2
    assert changes.count("x = 1\ny = 2\n", "x = 3\n") == 2
    assert changes.count(OLD, NEW) == 4  # y, the return, and the two lines of gone


def test_a_string_that_is_no_docstring_counts():
    assert changes.count('x = "a"\n', 'x = "b"\n') == 1


def test_the_changed_lines_are_those_that_are_new_or_altered():
    assert changes.changed_lines(OLD, NEW) == [1, 4, 8]
    assert changes.changed_lines(NEW, NEW) == []
    assert changes.changed_lines("", "a\n\nb\n") == [1, 3]


def test_a_diff_has_lines_that_begin_with_a_sign_and_dots_between_parts():
    lines = changes.diff(OLD, NEW, context=0)
    assert lines[:2] == ['-"""Old."""', '+"""New."""']
    assert {line[0] for line in lines if line != "..."} == {"+", "-"}
    assert lines[2:5] == ["...", "+y = 2", "..."]
    assert lines[-1] != "..."


def test_a_diff_inside_a_function_shows_nothing_else():
    inside = changes.diff(OLD, NEW, inside="f", context=9)
    assert inside == [" def f():", "-    return 1", "+    return 2"]
    assert changes.diff(OLD, NEW, inside="gone") == ["-def gone():", "-    pass"]


def test_a_diff_inside_a_method_names_it_with_its_class():
    old = "class A:\n    def f(self):\n        return 1\n"
    inside = changes.diff(old, old.replace("1", "2"), inside="A.f")
    assert inside[-2:] == ["-        return 1", "+        return 2"]


def test_a_diff_inside_what_is_in_neither_is_refused():
    with pytest.raises(LookupError, match=r"no A\.f"):
        changes.diff(OLD, NEW, inside="A.f")


def test_equal_texts_have_an_empty_diff():
    assert changes.diff(OLD, OLD) == []


def test_the_step_before_is_of_the_same_kind():
    before = changes.before(story.find("server03"))
    assert before is not None
    assert before.name == "server02"


@pytest.mark.parametrize("name", ["server01", "utils01", "client01"])
def test_the_first_step_of_a_kind_has_none_before_it(name):
    assert changes.before(story.find(name)) is None
    assert changes.source(changes.before(story.find(name))) == ""


def test_a_fragment_on_one_line_is_located():
    assert callouts.locate("x", "a = 1\nb = 2\n", "b =") == 2


@pytest.mark.parametrize(
    ("fragment", "reason"),
    [("c", "'c' is on no line"), ("=", r"'=' is on the lines \[1, 2\]")],
)
def test_a_fragment_on_no_line_or_two_is_refused(fragment, reason):
    with pytest.raises(callouts.NotOnOneLine, match=rf"steps/x\.py: {reason}"):
        callouts.locate("x", "a = 1\nb = 2\n", fragment)


def entries(data):
    """Return what Sphinx reads from an inventory: where each name leads."""
    loaded = InventoryFile.loads(data, uri="https://docs.example")
    return {
        (role, name): item.uri
        for role, items in loaded.data.items()
        for name, item in items.items()
    }


def test_sphinx_reads_the_inventory_that_we_write():
    text = "# a remark\n\nasyncio.run py:function library/r.html#$\n"
    text += "future std:term g.html#term-$\n"
    assert entries(inventory.inventory(text)) == {
        (
            "py:function",
            "asyncio.run",
        ): "https://docs.example/library/r.html#asyncio.run",
        ("std:term", "future"): "https://docs.example/g.html#term-future",
    }


def test_every_line_of_our_inventory_reaches_sphinx():
    text = (ROOT / LIST).read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line and line[0] != "#"]
    assert set(entries(inventory.inventory(text))) == {(r, n) for n, r, _ in lines}


@pytest.mark.parametrize(
    "line", ["asyncio.run py:function", "a py:function b c", "a function b.html"]
)
def test_a_line_of_the_inventory_that_cannot_be_read_is_refused(line):
    with pytest.raises(ValueError, match=f"line 2 is no name, role and page: {line}"):
        inventory.inventory(f"# a remark\n{line}\n")


def test_the_folders_of_this_machine_are_cut_out():
    import asyncio.tasks
    import json.decoder

    text = f'"{ROOT}/steps/x.py" "{asyncio.tasks.__file__}" "{json.decoder.__file__}"'
    shown = '"steps/x.py" "asyncio/tasks.py" "json/decoder.py"'
    assert running.without_folders(text) == shown
    other = r'"C:\Python\Lib\asyncio\tasks.py"'
    assert running.without_folders(other) == r'"asyncio\tasks.py"'


def test_only_python_and_only_what_is_there_can_be_run():
    with pytest.raises(running.ExampleFailed, match="only python"):
        running.Run("make book").shown()
    with pytest.raises(running.ExampleFailed, match=r"no docs/examples/x\.py"):
        running.Run("x.py").shown()


def test_the_folder_of_a_page_is_its_name_as_python_can_import_it():
    assert running.folder("docs/05-delivery") == "s05_delivery"
    assert running.folder("how-fast-is-it") == "how_fast_is_it"
    assert running.example("docs/05-delivery", "talk.py") == "s05_delivery/talk.py"
    elsewhere = "s04_rooms/rooms.py"
    assert running.example("docs/05-delivery", elsewhere) == elsewhere
    assert running.example("docs/05-delivery", NAIVE) == NAIVE
    assert running.command(elsewhere) == "python -m docs.examples.s04_rooms.rooms"


def test_numbers_of_lines_that_the_text_speaks_of_become_links():
    number = '<a name="x-{0}"></a><span class="linenos">{0}</span>'
    lines = [number.format(n) for n in (1, 2, 12)]
    node = listing.Listing("", "", step="x", spoken_of={2: "there"})
    first, second, last = listing.with_links("\n".join(lines), node).split("\n")
    assert (first, last) == (lines[0], lines[2])
    link = '<a class="spoken-of" href="#there"><span class="linenos">2</span></a>'
    assert second == f'<a name="x-2"></a>{link}'


def test_without_words_about_it_a_listing_stays_as_it_is():
    assert listing.with_links("<p>", listing.Listing("", "", step="x")) == "<p>"


# ---- Small books, of pages that use the directives on a copy of the repository.

CONF = """
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "docs" / "_ext")]
from sphinx_book import inventory

extensions = ["sphinx.ext.intersphinx", "sphinx_book"]
root_doc = "docs/index"
include_patterns = ["docs/*"]
html_theme = "basic"
list_ = HERE / "docs" / "_data" / "python-inventory.txt"
pages = inventory.write(list_, HERE / "python.inv")
intersphinx_mapping = {"python": ("https://docs.python.org/3", pages)}
"""
COPIED = ("steps", "lab", "bench", "docs/_data", "docs/_ext", "docs/examples")
TWINS = ("keeps_the_line_open", "reads_what_is_there", "echoes")  # a few are enough
CACHES = shutil.ignore_patterns("__pycache__", "*.pyc")


def book(folder, pages):
    """Make a book of these pages on a copy of what the directives look at."""
    for part in COPIED:
        shutil.copytree(ROOT / part, folder / part, ignore=CACHES)
    keep(TWINS, folder / "steps" / "broken", "*.diff")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    contents = "Index\n=====\n\n.. toctree::\n\n   " + "\n   ".join(pages) + "\n"
    for name, text in {**pages, "index": contents}.items():
        title = "" if name == "index" else f"{name}\n{'=' * len(name)}\n\n"
        (folder / "docs" / f"{name}.rst").write_text(title + text, encoding="utf-8")
    return folder


def keep(names, folder, pattern):
    """Remove the files that match from a folder, but those of these names."""
    for path in folder.glob(pattern):
        if path.stem not in names:
            path.unlink()


def edit(folder, file, old, new):
    """Change one thing in a copy."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}: this test has to be brought up to date"
    path.write_text(text.replace(old, new), encoding="utf-8")


def arguments(folder, *options):
    """Return what Sphinx is told, as `make book` tells it."""
    words = ["-b", "html", "-E", "-W", "-n", "-q", "--keep-going", *options]
    return [*words, str(folder), str(folder / "html")]


UNWRITTEN = ("-b", "dummy")  # finds what is wrong without writing any HTML


# Builds one book after another: Sphinx is imported once, and what lies in the folder of
# a book, such as its own copy of lab/, afresh for each.
PRESS = """
import contextlib, gc, io, json, os, sys
from sphinx.cmd.build import main

gc.disable()  # the process ends before it has much to collect

def build(folder, arguments):
    os.chdir(folder)
    path, said = list(sys.path), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(arguments)
    sys.path[:] = path
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(folder):
            del sys.modules[name]
    return status, said.getvalue()

for line in sys.stdin:
    print(json.dumps(build(*json.loads(line))), flush=True)
"""


@pytest.fixture(scope="module")
def build():
    """Return what builds a book, and returns its status and what it said."""
    with subprocess.Popen(
        [sys.executable, "-c", PRESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as press:

        def build(folder, *options):
            order = json.dumps([str(folder), arguments(folder, *options)])
            print(order, file=press.stdin, flush=True)
            status, said = json.loads(press.stdout.readline())
            how_far = re.compile(r"^» .*\n", re.MULTILINE)
            return Built(status, how_far.sub("", said))

        yield build
        press.stdin.close()  # it ends when there is no more to build


class Built(NamedTuple):
    status: int
    said: str


SHOWN = {  # pages that show something, each of which is looked at below
    "first": ".. step:: server01\n",
    "second": """
.. step:: server02

.. callouts:: server02

   ``while data := await reader.read(CHUNK)``
      reads as long as there is something.

   ``CHUNK = 1024``
      is a size.

   ``while data :=``
      comes a second time.
""",
    "by_number": ".. callouts:: 02\n\n   ``CHUNK = 1024``\n      is a size.\n",
    "elsewhere": "See :line:`server02:CHUNK = 1024` and :line:`02:CHUNK = 1024`.\n",
    "nowhere": "See :line:`utils01:HEADER = 3`, which no page shows.\n",
    "in_a_title": "At :line:`02:CHUNK = 1024`\n--------------------------\n",
    "diff": ".. diff:: server02\n",
    "diff_inside": ".. diff:: server02 main\n",
    "output": ".. output:: s01_starting/turns.py\n",
    "01-starting": """
.. output:: turns.py

.. literalinclude:: turns.py
   :pyobject: main
""",
    "beside": ".. output:: s05_delivery/visit.py\n   :beside: 05\n",
    "command": f".. output:: {NAIVE}\n   :status: 1\n",
    "picture": ".. picture:: s05_delivery/talk.py\n\n   They *talk*.\n",
    "wrong": """
.. broken:: utils01_messages/naive_messages.py
   :show: new_messages to main
   :status: 1

   It ends *badly*.
""",
    "twin": ".. broken:: echoes\n   :show: Client.chat\n\n   It echoes.\n",
    "story": ".. story::\n",
    "riddles": ".. spot-the-bug::\n",
    "measured": """
.. measured:: origin

.. measured:: times

   server09 over server06

Step 09 takes :measured:`quiet server09` µs, and :measured:`newest` is the newest.
""",
}
STATED = {  # the same, of what is stated about all servers and tried on all of them
    "can_do": ".. behaviours:: 03\n",
    "staircase": ".. staircase::\n",
    "messages": ".. messages::\n",
    "error_codes": ".. error-codes::\n",
}
# A few behaviours have all that the staircase can show. The whole of it is in the site
# that test_docs.py builds.
FEW = ("s02_utils01_framing", "s03_understanding")


def stating_little(folder):
    """Make a book of the pages about what is stated, which is little."""
    book(folder, STATED)
    keep(FEW, folder / "lab" / "behaviours", "s*.py")
    return folder


def few():
    """Return the behaviours of that book."""
    return [b for b in behaviours.every() if b.run.__module__.split(".")[-1] in FEW]


@pytest.fixture(scope="module")
def shown(tmp_path_factory, build):
    """Build the pages as they are meant, and return how to get the HTML of one."""
    folders = [
        book(tmp_path_factory.mktemp("shown"), SHOWN | DRIFTING),
        stating_little(tmp_path_factory.mktemp("stated")),
    ]
    for folder in folders:
        built = build(folder)
        assert built == (0, ""), built.said

    def page(name):
        folder = folders[name in STATED]
        text = (folder / "html" / "docs" / f"{name}.html").read_text(encoding="utf-8")
        assert str(folder) not in text
        return text[text.index("<h1>") : text.index('<div class="sphinxsidebar"')]

    return page


def words(page):
    """Return what a reader reads, without the tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def lines_of(page, step):
    """Return the HTML of each line of a listing by its number."""
    parts = re.split(rf'<a id="{step}-(\d+)"', page)
    return dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))


def blocks(page, kind):
    """Return the text of each block that is highlighted in a certain way."""
    pattern = rf'class="[^"]*\b{kind}\b[^"]*"><div class="highlight"><pre>(.*?)</pre>'
    return [words(block) for block in re.findall(pattern, page, re.DOTALL)]


def cells(page):
    """Return the rows of the tables on a page, as lists of words."""
    rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    split = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    return [[words(cell).strip() for cell in row] for row in split]


def number_of(step, fragment):
    return callouts.quoted(story.find(step), fragment)


def test_a_step_is_shown_whole_and_every_line_has_its_number(shown):
    lines = lines_of(shown("second"), "server02")
    source = changes.source(story.find("server02")).splitlines()
    assert list(lines) == list(range(1, len(source) + 1))
    for number, line in lines.items():
        assert re.search(rf'<span class="linenos"> *{number}</span>', line)
        assert source[number - 1] in words(f"<a{line}")


def test_the_lines_that_a_step_changed_are_marked(shown):
    lines = lines_of(shown("second"), "server02")
    marked = [number for number, line in lines.items() if 'class="hll"' in line]
    old, new = (changes.source(story.find(name)) for name in ("server01", "server02"))
    assert marked == changes.changed_lines(old, new)
    assert 0 < len(marked) < len(lines)


def test_a_reader_can_switch_between_the_whole_step_and_the_change(shown):
    page = shown("second")
    radios = re.findall(
        r'<input type="radio" name="(\S+)" id="(\S+)"( checked)?>', page
    )
    assert radios == [
        ("listing-server02", "server02-whole", " checked"),
        ("listing-server02", "server02-changed", ""),
    ]
    for _, name, _ in radios:
        assert re.search(rf'<label for="{name}">[^<]+</label>', page)
    whole, changed = (
        page.index('<div class="whole">'),
        page.index('<div class="changed">'),
    )
    assert (
        whole < page.index('id="server02-1"') < changed < page.index("highlight-diff")
    )


def test_the_first_step_has_nothing_to_switch_to_and_no_mark(shown):
    page = shown("first")
    assert 'id="server01-1"' in page
    assert "<input" not in page
    assert "hll" not in page


def test_a_diff_counts_and_has_only_lines_with_a_sign(shown):
    (text,) = blocks(shown("diff"), "highlight-diff")
    assert {line[0] for line in text.splitlines() if line != "..."} == {"+", "-", " "}
    assert "server01.py" not in text
    old, new = (changes.source(story.find(name)) for name in ("server01", "server02"))
    count = f"server01 to server02: {changes.count(old, new)} lines"
    assert count in words(shown("diff"))


def test_a_diff_inside_a_function_shows_all_of_the_function(shown):
    (text,) = blocks(shown("diff_inside"), "highlight-diff")
    assert "async def main(" in text.splitlines()[0] + text.splitlines()[1]
    assert "+    async with server:" in text
    assert "def client_connected" not in text
    assert "server01 to server02: inside main" in words(shown("diff_inside"))


def test_a_callout_leads_to_its_line_and_the_number_of_the_line_leads_back(shown):
    page = shown("second")
    line = number_of("server02", "CHUNK = 1024")
    callout = re.search(
        rf'<li id="callout-server02-{line}">(.*?)</li>', page, re.DOTALL
    )
    assert f'href="#server02-{line}">line {line}</a>' in callout[1]
    assert f"line {line} CHUNK = 1024 is a size." in words(callout[1])
    back = (
        f'<a class="spoken-of" href="#callout-server02-{line}"><span class="linenos">'
    )
    assert back in lines_of(page, "server02")[line]


def test_only_the_lines_that_are_spoken_of_lead_anywhere(shown):
    lines = lines_of(shown("second"), "server02")
    spoken_of = [number for number, line in lines.items() if "spoken-of" in line]
    fragments = ("CHUNK = 1024", "while data :=")
    assert spoken_of == [number_of("server02", fragment) for fragment in fragments]


def test_two_callouts_for_one_line_are_two_places(shown):
    line = number_of("server02", "while data :=")
    assert f'id="callout-server02-{line}"' in shown("second")
    assert f'id="callout-server02-{line}-2"' in shown("second")


@pytest.mark.parametrize("name", ["second", "riddles", "diff", "wrong"])
def test_no_two_places_of_a_page_have_the_same_name(shown, name):
    ids = re.findall(r' id="([^"]+)"', shown(name))
    assert len(ids) == len(set(ids))


def test_callouts_come_in_the_order_of_their_lines(shown):
    numbers = [int(n) for n in re.findall(r'id="callout-\w+?-(\d+)', shown("second"))]
    assert len(numbers) == 3
    assert numbers == sorted(numbers)


def test_a_line_can_be_named_on_another_page(shown):
    line = number_of("server02", "CHUNK = 1024")
    links = re.findall(r'href="(\S+)">line (\d+)</a>', shown("elsewhere"))
    assert links == [(f"second.html#server02-{line}", str(line))] * 2
    assert f'href="second.html#server02-{line}">' in shown("by_number")


def test_a_line_that_no_page_shows_is_a_number_without_a_link(shown):
    line = number_of("utils01", "HEADER = 3")
    assert f'<span class="line">line {line}</span>' in shown("nowhere")


def test_a_line_can_be_named_in_a_title(shown):
    line = number_of("server02", "CHUNK = 1024")
    assert 'At <a class="line reference internal" href="second.html' in shown(
        "in_a_title"
    )
    assert f"At line {line}" in words(shown("index"))


def test_output_is_what_the_command_printed(shown):
    (text,) = blocks(shown("output"), "output")
    assert text.startswith("$ python -m docs.examples.s01_starting.turns\n")
    assert text.split("\n", 1)[1] == running.Run("s01_starting/turns.py").shown().text


def test_a_page_finds_the_programs_in_its_own_folder(shown):
    (text,) = blocks(shown("01-starting"), "output")
    assert text == blocks(shown("output"), "output")[0]
    assert "async def main()" in words(shown("01-starting"))


def test_output_of_an_example_that_finds_a_step_beside_it(shown):
    (text,) = blocks(shown("beside"), "output")
    command, _, *heard = text.splitlines()
    assert command == "$ python -m docs.examples.s05_delivery.visit"
    assert heard[1].startswith("bob hears: {'action': 'chat', ")


def test_output_of_a_command_that_has_to_fail_shows_how_it_does(shown):
    (text,) = blocks(shown("command"), "output")
    assert text.startswith(f"$ {NAIVE}\n{{'action': 'hi'}}")
    assert f'File "{EXAMPLES}/utils01_messages/naive_messages.py"' in text
    assert 'File "asyncio/runners.py"' in text
    assert not re.search(r'File "[/\\]|File "\w:', text)


def test_a_picture_is_part_of_the_page_and_has_its_caption(shown):
    page = shown("picture")
    assert re.search(r'<div class="picture"><svg .*</svg></div>', page, re.DOTALL)
    assert "They <em>talk</em>." in page


def test_a_wrong_example_has_a_mark_a_sentence_the_code_and_its_failure(shown):
    page = shown("wrong")
    assert 'class="broken admonition"' in page
    title = "Wrong on purpose: It treats a client that has finished as an error."
    assert title in words(page)
    assert "It ends <em>badly</em>." in page
    assert f"{EXAMPLES}/utils01_messages/naive_messages.py" in words(page)
    (code,) = blocks(page, "highlight-python3")
    assert "async def new_messages" in code.splitlines()[0]
    assert "async def main" in code
    assert "asyncio.run(main())" not in code
    (failure,) = blocks(page, "output")
    assert "asyncio.exceptions.IncompleteReadError" in failure


def test_a_twin_has_a_mark_a_sentence_the_code_and_the_verdict(shown):
    page = shown("twin")
    assert "Wrong on purpose: sends each message to the whole room" in words(page)
    assert "It echoes." in words(page)
    (code,) = blocks(page, "highlight-python3")
    assert "steps/broken/echoes.diff" in words(page)
    twin = twins.find("echoes").step.path.read_text(encoding="utf-8")
    number = 1 + twin.splitlines().index(
        "    async def chat(self, message: dict[str, Any]) -> None:"
    )
    assert code.splitlines()[0].startswith(f"{number}    async def chat(self")
    (verdict,) = blocks(page, "output")
    assert "not yet\n  expected: " in verdict


def test_what_a_step_can_do_is_listed_with_its_names(shown):
    page = shown("can_do")
    new = [b for b in behaviours.every() if b.since == "server03"]
    assert new
    items = re.findall(r"<li>(.*?)</li>", page, re.DOTALL)
    assert [words(item).strip() for item in items] == [
        f"{behaviour.sentence} {behaviour.name}" for behaviour in new
    ]


def test_the_staircase_has_a_row_for_each_behaviour_and_a_column_for_each_step(shown):
    head, *rows = cells(shown("staircase"))
    assert head == ["behaviour", *(step.number for step in story.steps_of("server"))]
    assert [row[0] for row in rows] == [b.sentence for b in few()]
    by_sentence = {row[0]: row[1:] for row in rows}
    printed = behaviours.find("requests_are_printed").sentence
    stairs = ["not yet", "not yet", "kept", "replaced", "replaced"]
    assert by_sentence[printed][:5] == stairs


def test_the_messages_are_those_of_the_wire(shown):
    rows = [row for row in cells(shown("messages")) if row[0] != "message"]
    assert [row[1] for row in rows] == [kind.meaning for kind in wire.KINDS]
    chat = '{"action": "chat", "room": "R", "message": "M"}'
    assert [chat, "I say this in the room.", "03"] in rows
    assert {kind.direction for kind in wire.KINDS} == {
        words(title)
        for title in re.findall(r'<p class="rubric">.*?</p>', shown("messages"))
    }


def test_the_error_codes_are_those_of_utils02(shown):
    rows = cells(shown("error_codes"))[1:]
    assert [row[:2] for row in rows] == [list(row) for row in codes().items()]
    assert ["not_utf8", "The payload is not UTF-8.", "08"] in rows
    assert {row[0]: row[2] for row in rows}["silent"] == "10"


def test_the_story_is_that_of_the_docstrings(shown):
    rows = cells(shown("story"))[1:]
    told = [[step.name, step.sentence, step.new, step.wrong] for step in story.steps()]
    assert rows == told


def test_what_was_measured_is_in_tables_and_in_sentences(shown):
    page = words(shown("measured"))
    assert "make bench ARGS=" in page
    assert "server09 over server06" in page
    assert re.search(r"Step 09 takes \d+\.\d\d µs, and \d\d is the newest\.", page)


def test_every_twin_is_a_riddle_with_its_answer_folded_away(shown):
    page = shown("riddles")
    known = [twins.find(name) for name in TWINS]
    assert re.findall(r'id="((?:twin|after)-\w+)"', page) == [
        *("after-02", "twin-keeps_the_line_open"),
        *("after-03", "twin-reads_what_is_there"),
        *("after-05", "twin-echoes"),
    ]
    answers = re.findall(r"<details([^>]*)>(.*?)</details>", page, re.DOTALL)
    for (attributes, answer), twin in zip(answers, known, strict=True):
        assert "open" not in attributes
        assert twin.sentence in words(answer)
        assert "not yet" in words(answer)
        assert f"{twin.cause} {twin.repair}" in words(answer)
        assert twin.diff.file in words(answer)
    assert "@@ Client.chat" in words(answers[-1][1])
    assert "+            await send_to(set(ROOMS[room]), relay)" in words(
        answers[-1][1]
    )
    riddles = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    assert "Wrong on purpose" not in words(riddles)
    assert "await send_to(set(ROOMS[room]), relay)" in words(riddles)


def test_the_code_of_a_riddle_can_be_read_by_itself(shown):
    code = blocks(shown("riddles"), "highlight-python3")[-1]
    assert code.startswith(
        "class Client:\n    # ...\n\n    async def chat(self, message: dict[str, Any])"
    )


# ---- Drift. Each page below is fine, as the build above shows, until what it shows
# is edited.

DRIFTING = {
    "fragment_gone": """
.. callouts:: 02

   ``client_connected(reader``
      is it.
""",
    "line_gone": "See :line:`02:client_connected(reader`.\n",
    "fragment_twice": ".. callouts:: server03\n\n   ``writer.close()``\n      is it.\n",
    "line_twice": "See :line:`server03:writer.close()`.\n",
    "diff_object_gone": ".. diff:: server05 Client.leave\n",
    "include_object_gone": """
.. literalinclude:: /steps/server05.py
   :pyobject: send_to
""",
    "step_gone": ".. step:: client01\n",
    "callouts_of_step_gone": ".. callouts:: client01\n\n   ``HELP =``\n      is it.\n",
    "line_of_step_gone": "See :line:`client01:HELP =`.\n",
    "output_fails": ".. output:: s01_starting/turns.py\n",
    "output_of_another_status": SHOWN["command"],
    "wrong_without_mark": """
.. broken:: s01_starting/forgotten_await.py
   :show: greet to main

   It is never run.
""",
    "wrong_function_gone": """
.. broken:: s05_delivery/set_changed.py
   :show: tell_everyone to main

   It changes.
""",
    "wrong_without_docstring": """
.. broken:: s04_rooms/lost_update.py
   :show: count_wrongly

   It is lost.
""",
    "twin_is_repaired": """
.. broken:: reads_what_is_there
   :show: new_messages

   It reads.
""",
    "twin_does_not_fit": SHOWN["twin"],
    "riddle_is_repaired": SHOWN["riddles"],
    "no_svg": SHOWN["picture"],
    "link_to_no_page": "See :func:`asyncio.gather`.\n",
}

REFUSED = {  # pages that are wrong as they are written, and what the build says of them
    "no_sentence": (
        ".. broken:: s01_starting/forgotten_await.py\n   :show: greet\n",
        "wrong code needs a sentence",
    ),
    "no_show": (
        ".. broken:: s01_starting/forgotten_await.py\n\n   It is never run.\n",
        "broken needs :show:",
    ),
    "show_backwards": (
        """
.. broken:: who_owns_a_task/gather_runs_on.py
   :show: main to work

   It runs on.
""",
        f"{EXAMPLES}/who_owns_a_task/gather_runs_on.py: main comes after work",
    ),
    "no_such_twin": (
        ".. broken:: nobody\n   :show: f\n\n   It breaks.\n",
        "there is no twin 'nobody'; there are echoes",
    ),
    "no_such_example": (
        ".. output:: nobody.py\n",
        "no docs/examples/no_such_example/nobody.py",
    ),
    "no_such_picture": (
        ".. picture:: nobody.py\n",
        "no docs/examples/no_such_picture/nobody.py",
    ),
    "no_words_for_a_stepper": (
        ".. stepper:: s04_rooms/lost_update_scene.py\n",
        "a stepper needs a sentence",
    ),
    "no_scene": (
        ".. stepper:: s05_delivery/talk.py\n\n   Look.\n",
        "s05_delivery/talk.py prints no scene",
    ),
    "no_such_moment": (
        ".. stepper:: s04_rooms/lost_update_scene.py\n\n   At :moment:`nowhere`.\n",
        "no moment 'nowhere' here",
    ),
    "not_python": (".. output:: make book\n", "only python can be run, not make"),
    "first_diff": (".. diff:: server01\n", "server01 is the first"),
    "unchanged": (
        ".. diff:: server05 Client.connect\n",
        "Client.connect of steps/server05.py is as it was in server04",
    ),
    "behaviours_of_no_step": (".. behaviours:: 99\n", "there is no step '99'"),
    "no_list": (".. callouts:: server02\n\n   Words.\n", "one definition list"),
    "no_words": (
        ".. callouts:: server02\n\n   ``CHUNK = 1024``\n      - is\n",
        "'CHUNK = 1024' needs a sentence",
    ),
    "empty_list": (".. callouts:: server02\n", "one definition list"),
    "no_such_table": (".. measured:: weather\n", "no table is called 'weather'"),
    "no_such_load": (".. measured:: rooms\n   :load: loud\n", "loud"),
    "no_such_row": (
        ".. measured:: times\n\n   server01 over server05\n",
        "server01 has no figure: it was not measured",
    ),
    "no_such_figure": (
        "So many: :measured:`busy server01`.\n",
        "server01 has no figure: it was not measured",
    ),
}

FIRST_EDITS = (  # each in a file of its own, or in another part of it
    ("steps/server02.py", "client_connected(reader", "client_connected(stream"),
    (
        "steps/server03.py",
        "writer.close()\n",
        "writer.close()\n        writer.close()\n",
    ),
    ("steps/server05.py", "def leave(", "def leave_room("),
    ("steps/server05.py", "async def send_to(", "async def send_all("),
    (
        f"{EXAMPLES}/s01_starting/turns.py",
        "asyncio.run(main())",
        "raise SystemExit(3)",
    ),
    (f"{EXAMPLES}/utils01_messages/naive_messages.py", "asyncio.run(main())", ""),
    (
        f"{EXAMPLES}/s01_starting/forgotten_await.py",
        "Wrong on purpose: ",
        "Right by chance: ",
    ),
    (f"{EXAMPLES}/s05_delivery/set_changed.py", "tell_everyone", "tell_all"),
    (
        f"{EXAMPLES}/s04_rooms/lost_update.py",
        '"""Wrong on purpose',
        '_ = """Wrong on purpose',
    ),
    (
        f"{EXAMPLES}/s05_delivery/talk.py",
        "asyncio.run(main())",
        'print("no picture")',
    ),
    ("steps/broken/reads_what_is_there.diff", "reader.read(", "reader.readexactly("),
    ("steps/server05.py", "send_to(ROOMS[room]", "send_all(ROOMS[room]"),
    (
        LIST,
        "asyncio.gather py:function library/asyncio-task.html#$\n",
        "",
    ),
)
FIRST = {  # what the build says of each page, besides its name
    "fragment_gone": (
        "line 7: steps/server02.py: 'client_connected(reader' is on no line",
    ),
    "line_gone": ("steps/server02.py: 'client_connected(reader' is on no line",),
    "fragment_twice": (
        "line 6: steps/server03.py: 'writer.close()' is on the lines [",
        "and has to be on one",
    ),
    "line_twice": ("steps/server03.py: 'writer.close()' is on the lines [",),
    "diff_object_gone": ("steps/server05.py has no Client.leave",),
    "include_object_gone": ("Object named 'send_to' not found", "steps/server05.py"),
    "step_gone": ("there is no step 'client01'; the steps are server01,",),
    "callouts_of_step_gone": ("there is no step 'client01'",),
    "line_of_step_gone": ("there is no step 'client01'",),
    "output_fails": (f"{EXAMPLES}/s01_starting/turns.py ended with 3, and not with 0",),
    "output_of_another_status": (f"{NAIVE} ended with 0, and not with 1",),
    "wrong_without_mark": (
        f"{EXAMPLES}/s01_starting/forgotten_await.py does not say that it is wrong",
    ),
    "wrong_function_gone": (
        f"{EXAMPLES}/s05_delivery/set_changed.py has no tell_everyone",
    ),
    "wrong_without_docstring": (
        f"{EXAMPLES}/s04_rooms/lost_update.py does not say that it is wrong",
    ),
    "twin_is_repaired": (
        "steps/broken/reads_what_is_there.diff keeps a_message_arrives_whole_",
        "not wrong any more",
    ),
    "twin_does_not_fit": (
        "steps/broken/echoes.diff, line 9: expected this once in Client.chat of ",
    ),
    # Which one is the first depends on the Python: steps that have drifted change them.
    "riddle_is_repaired": (".diff keeps ", "it is not wrong any more"),
    "no_svg": (f"{EXAMPLES}/s05_delivery/talk.py prints no SVG",),
    "link_to_no_page": ("py:func reference target not found: asyncio.gather",),
}


def said_of(done, page):
    """Return what a build that failed says of a page."""
    assert done.status == 1, done.said
    said = re.findall(rf"docs[/\\]{page}\.rst:(?:\d+:)? .*", done.said)
    return "\n".join(said)


@pytest.fixture(scope="module")
def drifted(tmp_path_factory, build):
    """Build pages after one edit for each, and some that are wrong from the start."""
    refused = {name: text for name, (text, _) in REFUSED.items()}
    folder = book(tmp_path_factory.mktemp("drifted"), DRIFTING | refused)
    for change in FIRST_EDITS:
        edit(folder, *change)
    (folder / "steps" / "client01.py").unlink()
    return build(folder)


def test_every_page_that_drifts_is_looked_at():
    assert set(FIRST) == set(DRIFTING)


@pytest.mark.parametrize("page", FIRST)
def test_a_page_that_drifts_fails_the_build(drifted, page):
    for part in FIRST[page]:
        assert part in said_of(drifted, page), drifted.said


@pytest.mark.parametrize("page", REFUSED)
def test_a_page_that_is_wrong_fails_the_build(drifted, page):
    assert REFUSED[page][1] in said_of(drifted, page), drifted.said


def test_no_directive_crashes(drifted):
    assert "Traceback" not in drifted.said
    assert "Exception occurred" not in drifted.said


@pytest.fixture(scope="module")
def restated(tmp_path_factory, build):
    """Build pages after behaviours, and the wire, have been stated otherwise."""
    folder = stating_little(tmp_path_factory.mktemp("restated"))
    edit(folder, "lab/behaviours/s03_understanding.py", "    3,\n", "    4,\n")
    framing = "lab/behaviours/s02_utils01_framing.py"
    edit(
        folder,
        framing,
        '@since(\n    "utils01", hint="read(n)',
        '@since(4, hint="read(n)',
    )
    edit(folder, "lab/wire.py", '"message": str}', '"words": str}')
    return build(folder, *UNWRITTEN)


def test_a_behaviour_that_the_run_contradicts_fails_the_build(restated):
    said = said_of(restated, "staircase")
    assert "the run contradicts what is stated" in said
    assert "a_message_arrives_whole_however_it_is_cut on server03" in said
    assert "on server04" not in said


def test_a_step_that_has_lost_its_behaviours_fails_the_build(restated):
    assert "no behaviour of lab/behaviours/ is new in server03" in said_of(
        restated, "can_do"
    )


def test_a_field_of_the_wire_that_the_table_cannot_show_fails_the_build(restated):
    assert "lab/wire.py: chat: no letter stands for 'words'" in said_of(
        restated, "messages"
    )


@pytest.fixture(scope="module")
def misspelt(tmp_path_factory, build):
    """Build pages after docstrings have lost their form."""
    names = ("story", "twin", "riddles")
    folder = book(tmp_path_factory.mktemp("misspelt"), {n: SHOWN[n] for n in names})
    edit(folder, "steps/server04.py", "\nStill wrong:", "\nWrong:")
    edit(folder, "steps/broken/echoes.diff", "\nBreaks:", "\nSpoils:")
    return build(folder, *UNWRITTEN)


def test_a_step_whose_docstring_has_lost_its_form_fails_the_build(misspelt):
    said = said_of(misspelt, "story")
    assert "server04.py: its docstring has to open with a sentence" in said


@pytest.mark.parametrize("page", ["twin", "riddles"])
def test_a_twin_whose_docstring_has_lost_its_form_fails_the_build(misspelt, page):
    said = said_of(misspelt, page)
    assert "steps/broken/echoes.diff: expected a head that says" in said


@pytest.mark.timeout(300)
def test_the_book_itself_fails_when_a_function_that_it_shows_is_renamed(tmp_path):
    for part in ("steps", "lab", "bench", "docs", "notebooks"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=CACHES)
    for file in ("conf.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    edit(tmp_path, "steps/client01.py", "listen", "serve_client")
    # One chapter, without what notebooks need, is enough: all take their time.
    only = ["-D", "include_patterns=docs/index.rst,docs/client01.rst"]
    only += ["-D", "extensions=sphinx.ext.intersphinx,sphinx_book"]
    only += ["-D", "book_python=0"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *arguments(tmp_path, *UNWRITTEN, *only)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        timeout=290,
        check=False,
    )
    said = said_of(Built(done.returncode, done.stderr), "client01")
    assert "Object named 'listen' not found" in said
    fragment = "'ends = {listening, watching}'"
    assert f"steps/client01.py: {fragment} is on no line" in said
