"""What the published site tells programs that are not a reader's browser.

A search engine gets a list of the pages; a chat in which somebody pastes a link gets a
title, a sentence and a picture. Both need the whole address of a page, which begins
with ``html_baseurl``. A missing page has a page of its own.
"""

import html
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes
from sphinx.application import Sphinx

from sphinx_book import title

PICTURE, ICON = "_static/title.png", "_static/icon.png"
ALT = "Alice says hello; the server delivers it to Bob and Cleo"
MISSING = "404"  # the page that a host sends for a missing one

FRONT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="refresh" content="0; url={first}">
<link rel="canonical" href="{address}">
<link rel="icon" href="_static/favicon.svg">
{tags}</head>
<body><p><a href="{first}">{title}</a></p></body></html>
"""

# A host sends this page for an address of any depth, so its links need a fixed start:
# the path for which the site was built. A copy at another path begins above the first
# folder of ours, or is at the root of its host.
BASE = """<base href="{path}">
<script>{{
  const base = document.querySelector("base"), built = base.getAttribute("href");
  if (built === "/" || !location.pathname.startsWith(built))
    base.href = location.pathname.match(/^.*?\\/(?=(docs|notebooks)\\/)/)?.[0] ?? "/";
}}</script>
<meta name="robots" content="noindex">
"""


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add to the head of a page what is said of it elsewhere."""
    if page == MISSING:
        context["pageurl"] = None
        path = urlsplit(app.config.html_baseurl).path or "/"
        context["metatags"] = BASE.format(path=html.escape(path))
    elif doctree is not None and context["pageurl"]:
        icon = context["pathto"](ICON, resource=True)
        context["metatags"] += f'<link rel="apple-touch-icon" href="{icon}">\n'
        context["metatags"] += tags(app, page, doctree)


def tags(app: Sphinx, page: str, doctree: nodes.document) -> str:
    """Return the tags of the Open Graph protocol for a page."""
    site = app.config.html_baseurl
    found = {
        "og:title": app.env.titles[page].astext(),
        "og:description": description(doctree),
        "og:type": "website" if page == app.config.root_doc else "article",
        "og:url": urljoin(site, app.builder.get_target_uri(page)),
        "og:site_name": app.config.html_title,
        "og:image": urljoin(site, PICTURE),
        "og:image:width": str(title.SIZE[0]),
        "og:image:height": str(title.SIZE[1]),
        "og:image:alt": ALT,
    }
    lines = [
        f'<meta property="{name}" content="{html.escape(text)}">\n'
        for name, text in found.items()
        if text
    ]
    return "".join(
        [*lines, '<meta name="twitter:card" content="summary_large_image">\n']
    )


def description(doctree: nodes.document) -> str:
    """Return the sentence with which a page describes itself; empty without one."""
    for node in doctree.findall(nodes.meta):
        if node.get("name") == "description":
            return str(node["content"])
    return ""


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write what lies at the site's root, and the pictures."""
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    (site / "index.html").write_text(front(app), encoding="utf-8")
    if app.config.html_baseurl:
        (site / "sitemap.xml").write_text(sitemap(app), encoding="utf-8")
        draw(app)


def front(app: Sphinx) -> str:
    """Return the page at the site's root, which leads to the book."""
    page = app.config.root_doc
    first = app.builder.get_target_uri(page)
    return FRONT.format(
        title=app.config.html_title,
        first=first,
        address=urljoin(app.config.html_baseurl, first),
        tags=tags(app, page, app.env.get_doctree(page)),
    )


def sitemap(app: Sphinx) -> str:
    """Return the list of all pages: chapters and notebooks."""
    addresses = [
        urljoin(app.config.html_baseurl, app.builder.get_target_uri(page))
        for page in sorted(app.env.found_docs)
    ]
    lines = [f"<url><loc>{html.escape(address)}</loc></url>" for address in addresses]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *lines,
            "</urlset>\n",
        ]
    )


def draw(app: Sphinx) -> None:
    """Draw the pictures, unless they are newer than what they are made of."""
    made_of = [Path(str(title.__file__)), Path(app.confdir) / "conf.py"]
    newest = max(path.stat().st_mtime for path in made_of)
    picture = Path(app.outdir) / PICTURE
    if not picture.exists() or picture.stat().st_mtime <= newest:
        (Path(app.outdir) / ICON).write_bytes(title.icon())
        picture.write_bytes(title.drawn(app.config.project))
