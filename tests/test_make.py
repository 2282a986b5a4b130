"""The environment that `make` makes: by uv, by pip where uv is not to be had."""

import re
import shutil
import subprocess
import sys

import pytest

from lab.story import ROOT

# It fetches packages, which is what the first command of the README does.
pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]

SMALL = ("iniconfig", "uv")  # a package without dependencies, and what installs it


@pytest.fixture
def project(tmp_path):
    """Return a project with the Makefile and a short lock."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    pins = [re.search(rf"^{name}==(?:.*\\\n)+.*\n", lock, re.M)[0] for name in SMALL]
    (tmp_path / "requirements.txt").write_text("".join(pins), "utf-8")
    return tmp_path


def make(project, *words):
    command = ["make", "setup", f"PYTHON={sys.executable}", *words]
    return subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=False, timeout=110
    )


def installed(project):
    (package,) = project.glob(".venv-*/lib/python*/site-packages/iniconfig/__init__.py")
    return package


def test_uv_installs_what_the_lock_names(project):
    done = make(project)
    assert done.returncode == 0, done.stderr
    assert installed(project)
    assert "pip" not in done.stdout


def test_without_uv_pip_installs_it_and_says_so(project):
    done = make(project, "UV=not-there")
    assert done.returncode == 0, done.stderr
    assert installed(project)
    assert "Not with uv: " in done.stdout
    assert "With pip, which takes longer" in done.stdout


@pytest.mark.parametrize("words", [(), ("UV=not-there",)], ids=["uv", "pip"])
def test_a_package_with_another_hash_is_refused(project, words):
    lock = project / "requirements.txt"
    pin, rest = lock.read_text("utf-8").split("uv==")
    wrong = re.sub(r"sha256:\w{8}", "sha256:00000000", pin)
    lock.write_text(f"{wrong}uv=={rest}", "utf-8")
    done = make(project, *words)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
    assert not list(project.glob(".venv-*/.ready"))
