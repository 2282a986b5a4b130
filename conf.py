# Sphinx, at the root so that docs/, notebooks/ and steps/ are all inside the source
# folder. It is short because docs/_ext/ does the work.

import os
import sys
import tomllib
from pathlib import Path

import pypandoc

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]

from sphinx_book import inventory  # noqa: E402  # ours: the path had to be set first

project = "A chat server in asyncio, one step at a time"
copyright = "2026, the authors"
_urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
# Pages say |repository| where they mean its address.
rst_epilog = f".. |repository| replace:: {_urls['Repository']}"
html_title = "A chat server in asyncio"
# Where the book is published; BOOK_BASEURL for a copy, such as https://NAME.example/book/
html_baseurl = os.environ.get("BOOK_BASEURL") or _urls["Documentation"]
html_baseurl = html_baseurl.rstrip("/") + "/"

extensions = ["nbsphinx", "sphinx_copybutton", "sphinx.ext.intersphinx", "sphinx_book"]
root_doc = "docs/index"
# What belongs to the book, rather than a list of everything that does not.
include_patterns = ["docs/**", "notebooks/**"]
exclude_patterns = ["docs/_ext", "docs/examples", "**/.ipynb_checkpoints"]
highlight_language = "python3"
nitpicky = True

# nbsphinx calls pandoc by its name; the wheel brings it without putting it on the PATH.
pandoc = Path(pypandoc.get_pandoc_path()).parent
os.environ["PATH"] = os.pathsep.join([str(pandoc), os.environ["PATH"]])
# Notebooks are stored without outputs, so a page shows what happened in this build.
nbsphinx_execute = "never"  # by nbsphinx: sphinx_book/notebooks.py has done it
# Every page works offline: no script from anywhere else.
nbsphinx_requirejs_path = ""
nbsphinx_widgets_path = ""
nbsphinx_assume_equations = False
nbsphinx_prolog = """
.. note::
   This page is a notebook, executed while the book was built. To run it yourself:
   ``make lab``, then open ``{{ env.doc2path(env.docname, base=False) }}``.

{% if env.config.book_pyodide %}
.. raw:: html

   <p><a
   href="../lite/lab/index.html?path={{ env.doc2path(env.docname, base=False) }}">Open
   it in JupyterLite</a>: it runs in your browser, and nothing has to be installed.</p>
{% endif %}
"""

# Links to the Python documentation, without asking it while building.
_list = ROOT / "docs" / "_data" / "python-inventory.txt"
_inventory = inventory.write(_list, ROOT / "build" / "python.inv")
intersphinx_mapping = {"python": ("https://docs.python.org/3", _inventory)}

# Whether pages and notebooks can be run in the browser: this fetches Pyodide, once.
book_python = not os.environ.get("BOOK_WITHOUT_PYTHON")

html_theme = "furo"
html_static_path = ["docs/_static", "lab/stepper/viewer"]
html_css_files = ["book.css"]
templates_path = ["docs/_templates"]
html_additional_pages = {"404": "404.html"}  # hosts send it for a missing page
html_favicon = "docs/_static/favicon.svg"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp"
