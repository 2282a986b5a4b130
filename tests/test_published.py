"""What the site tells others: search engines, previews of links, hosts of static files.

A small book is built here, with our settings, as if it was published below a path.
"""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest
from PIL import Image

from lab.story import ROOT
from sphinx_book import title

SITE = "https://name.example/book"
DESCRIBED = 'Chat & "more".'
PAGES = {
    "docs/index": f".. meta::\n   :description: {DESCRIBED}\n\n"
    "Our *book*\n==========\n\n.. toctree::\n   :caption: All\n\n   glossary\n",
    "docs/glossary": "Words & terms\n=============\n\nNone.\n",
}


class Head(HTMLParser):
    """Collects what a page says of itself, and where its links lead."""

    def __init__(self, path):
        super().__init__()
        self.said, self.links, self.base = {}, [], None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "meta" and "content" in attributes:
            name = attributes.get("property") or attributes.get("name")
            self.said[name] = attributes["content"]
        elif tag == "link" and attributes.get("rel") == "canonical":
            self.said["canonical"] = attributes["href"]
        elif tag == "base":
            self.base = attributes["href"]
        else:
            found = attributes.get("href") or attributes.get("src")
            self.links += [found] if found else []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the small book as it was built."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "docs").mkdir()
    for page, text in PAGES.items():
        (folder / f"{page}.rst").write_text(text, encoding="utf-8")
    options = ["extensions=sphinx.ext.intersphinx,sphinx_book", "book_python=0"]
    words = [word for option in options for word in ("-D", option)]
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-qW", "-c", ROOT, *words, folder, "html"],
        cwd=folder,
        env={**os.environ, "BOOK_BASEURL": SITE},
        timeout=50,
        check=True,
    )
    return folder / "html"


def test_a_page_says_what_it_is(site):
    first = Head(site / "docs" / "index.html").said
    assert first["og:title"] == "Our book"
    assert first["og:description"] == first["description"] == DESCRIBED
    assert first["og:type"] == "website"
    assert first["og:url"] == first["canonical"] == f"{SITE}/docs/index.html"
    assert first["og:image"] == f"{SITE}/_static/title.png"
    other = Head(site / "docs" / "glossary.html").said
    assert other["og:title"] == "Words & terms"
    assert other["og:url"] == other["canonical"] == f"{SITE}/docs/glossary.html"
    assert "og:description" not in other  # it has none


def test_the_sites_root_says_what_the_first_page_says(site):
    root, first = Head(site / "index.html").said, Head(site / "docs/index.html").said
    for name in ("canonical", *(name for name in first if name.startswith("og:"))):
        assert root[name] == first[name]


def test_the_list_of_pages_has_them_and_nothing_else(site):
    root = ElementTree.fromstring((site / "sitemap.xml").read_text(encoding="utf-8"))
    assert root.tag == "{http://www.sitemaps.org/schemas/sitemap/0.9}urlset"
    found = [place.text for place in root.iter() if place.tag.endswith("}loc")]
    assert found == [f"{SITE}/{page}.html" for page in sorted(PAGES)]


def test_the_page_for_a_missing_one_leads_on_from_any_depth(site):
    page = Head(site / "404.html")
    assert page.base == "/book/"
    here = urljoin("/book/docs/no/such/page.html", page.base)
    found = {urljoin(here, link).partition("?")[0] for link in page.links}
    wanted = {"docs/index.html", "search.html", "docs/glossary.html"}
    assert {f"/book/{name}" for name in wanted} <= found
    for address in [a for a in found if not a.startswith("https:")]:
        assert (site / address.partition("#")[0].removeprefix("/book/")).exists()


def test_the_page_for_a_missing_one_is_found_by_nothing(site):
    said = Head(site / "404.html").said
    assert said["robots"] == "noindex"
    assert not {"canonical", "og:url", "og:title"} & set(said)
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    names = json.loads(re.search(r'"?docnames"?:(\[.*?\])', index)[1])
    assert sorted(names) == sorted(PAGES)
    for name in ("docs/index.html", "llms.txt", "sitemap.xml"):
        assert "404" not in (site / name).read_text(encoding="utf-8")


# ---- The pictures.


def picture(path):
    """Return the size of a picture, and a function for the colour at a place."""
    image = Image.open(path)

    def colour(x, y):
        return "#{:02x}{:02x}{:02x}".format(*image.getpixel((x, y)))

    return image.size, colour


def test_the_title_picture_shows_a_chat(site):
    size, colour = picture(site / "_static" / "title.png")
    assert size == title.SIZE == (1200, 630)
    assert colour(0, 0) == title.NIGHT
    left, _, _, bottom = title.SERVER
    assert colour(left + 20, bottom - 20) == title.BLUE
    for (_, _, right, bottom), shade in title.CHATS.values():
        assert colour(right - 20, bottom - 20) == shade
    lit = [x for x in range(1200) if colour(x, 120) == title.WHITE]
    assert lit[0] < 150
    assert 950 < lit[-1] < 1120  # the title fits


def test_the_icon_is_a_bubble(site):
    size, colour = picture(site / "_static" / "icon.png")
    assert size == (180, 180)
    assert colour(5, 5) == title.BLUE
    assert colour(90, 80) == title.WHITE
    for page in PAGES:
        assert "../_static/icon.png" in (site / f"{page}.html").read_text("utf-8")
