"""Fetches Pyodide, the Python that runs in a browser, and keeps it between builds.

It comes from npm; a few wheels in pure Python come with pip. Both are checked by their
hashes.
"""

import hashlib
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from sphinx_book import npm

VERSION = "314.0.7"  # of the npm package: Python 3.14
SHA256 = "66b7949e5a0cba2250b586d7e368bf12fb482800748d182c4618254b685ffaa0"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
WHEELS = Path(__file__).resolve().parents[2] / "_lite" / "wheels.txt"


def folder(cache: Path) -> Path:
    """Return the folder with Pyodide in it, fetched if it is not there yet.

    Raises npm.NotToBeHad.
    """
    wanted = hashlib.sha256(WHEELS.read_bytes()).hexdigest()[:12]
    return npm.kept(cache / f"pyodide-{VERSION}-{wanted}", _make)


def _make(made: Path) -> None:
    lock = _core(made.parent, made)
    lock["packages"] = _wheels(made.parent, made)
    (made / LOCK).write_text(json.dumps(lock), encoding="utf-8")


def _core(temporary: Path, made: Path) -> Any:
    """Fetch the package from npm, unpack what is needed, and return its lock."""
    npm.npm("pack", f"pyodide@{VERSION}", cwd=temporary)
    (archive,) = temporary.glob("pyodide-*.tgz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise npm.NotToBeHad(
            f"{archive.name} has the hash {found}, and should have {SHA256}"
        )
    with tarfile.open(archive) as packed:
        for name in CORE:
            content = packed.extractfile(f"package/{name}")
            assert content is not None, "a file, as in every version"
            (made / name).write_bytes(content.read())
        lock = packed.extractfile(f"package/{LOCK}")
        assert lock is not None, "a file, as in every version"
        return json.loads(lock.read())


def _wheels(temporary: Path, made: Path) -> dict[str, Any]:
    """Fetch the wheels, and return them as a lock names them."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    what = ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(WHEELS)]
    target = ["--python-version", "3.14", "--platform", "any", "-d", str(made)]
    npm.run(*pip, "download", "--quiet", *what, *target, cwd=temporary)
    packages = [_package(wheel) for wheel in sorted(made.glob("*.whl"))]
    known = {package["name"] for package in packages}
    for package in packages:
        package["depends"] = [name for name in package["depends"] if name in known]
    return {package["name"]: package for package in packages}


def _package(wheel: Path) -> dict[str, Any]:
    """Return what a lock says of one wheel, read from the wheel itself."""
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
        (metadata,) = [file for file in files if file.endswith(".dist-info/METADATA")]
        text = archive.read(metadata).decode()
    code = [file for file in files if file.endswith(".py") and "-info/" not in file]
    needed = re.findall(r"^Requires-Dist: ([\w.-]+)(.*)$", text, re.MULTILINE)
    return {
        "name": _normal(name),
        "version": version,
        "file_name": wheel.name,
        "install_dir": "site",
        "package_type": "package",
        "imports": sorted({file.split("/")[0].removesuffix(".py") for file in code}),
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "depends": [_normal(other) for other, when in needed if "extra ==" not in when],
        "unvendored_tests": False,
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
