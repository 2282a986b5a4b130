"""The editor of the programs in the pages: its parts, and a build without it."""

import json
import re
import subprocess

import pytest

from sphinx_book import browser, editor, npm


def read(name):
    return json.loads((editor.SOURCE / name).read_text(encoding="utf-8"))


def test_every_part_of_the_editor_has_a_version_and_a_hash():
    wanted = read("package.json")["dependencies"]
    packages = read("package-lock.json")["packages"]
    assert packages.pop("")["dependencies"] == wanted
    for name, version in wanted.items():
        assert packages[f"node_modules/{name}"]["version"] == version
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, f"{name} names a package index"


def test_the_editor_is_one_file_that_asks_for_no_other():
    try:
        bundle = editor.bundle(browser.CACHE)
    except npm.NotToBeHad as reason:
        pytest.skip(f"CodeMirror can't be fetched: {reason}")
    code = bundle.read_text(encoding="utf-8")
    assert "MIT License" in code[:100]
    assert not re.search(r'\bfrom ?"[@a-z./]', code)
    assert len(code) < 400_000


def fails(*words, cwd):
    (cwd / "made" / "half").touch()
    raise subprocess.CalledProcessError(1, words, stderr="npm error network\nmore")


def test_a_download_that_breaks_off_is_never_used(tmp_path, monkeypatch):
    monkeypatch.setattr(npm, "npm", fails)
    for _ in range(2):
        with pytest.raises(npm.NotToBeHad, match=r"^npm error network$"):
            editor.bundle(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_book_without_the_editor_says_so_and_is_built(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(npm, "npm", fails)
    monkeypatch.setattr(browser, "CACHE", tmp_path / "cache")
    browser.add_editor(tmp_path)
    words = capsys.readouterr().err
    assert words.startswith("» the programs have a plain editor; CodeMirror could not")
    assert words.endswith("had: npm error network\n")
    assert not (tmp_path / editor.BUNDLE).exists()
