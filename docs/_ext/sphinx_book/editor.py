"""Makes the editor of the programs in the pages: CodeMirror, in one file.

Its parts come from npm in the versions and with the hashes of a lock file, and esbuild
bundles them. A page fetches the file when a program is edited for the first time. In a
site without it, programs are edited in a plain text field.
"""

import hashlib
import shutil
from pathlib import Path

from sphinx_book import npm

SOURCE = Path(__file__).resolve().parents[2] / "_editor"
FILES = ("codemirror.mjs", "package.json", "package-lock.json")
BUNDLE = "codemirror.mjs"
LICENSE = "node_modules/@codemirror/view/LICENSE"  # the same author's, of all parts


def bundle(cache: Path) -> Path:
    """Return the file, made if it is not there yet; raises npm.NotToBeHad."""
    wanted = hashlib.sha256(b"\0".join((SOURCE / f).read_bytes() for f in FILES))
    place = cache / f"editor-{wanted.hexdigest()[:12]}"
    return npm.kept(place, _make) / BUNDLE


def _make(made: Path) -> None:
    work = made.parent
    for file in FILES:
        shutil.copy(SOURCE / file, work)
    # What a package would run when it is installed is not needed.
    npm.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=work)
    out = work / "out.mjs"
    options = ("--bundle", "--minify", "--format=esm", f"--outfile={out}")
    npm.node("node_modules/esbuild/bin/esbuild", FILES[0], *options, cwd=work)
    terms = (work / LICENSE).read_text(encoding="utf-8")
    code = out.read_text(encoding="utf-8")
    (made / BUNDLE).write_text(f"/*!\n{terms}*/\n{code}", encoding="utf-8")
