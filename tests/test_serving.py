"""``python -m lab read``: the book, served on this machine and opened in a browser."""

import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from strict import STRICT

from lab.commands import read
from lab.story import ROOT

PATIENT = 30.0  # seconds for what has to happen: a busy machine is no failure

TYPES = {
    "docs/index.html": "text/html; charset=utf-8",
    "live.js": "text/javascript",
    "pyodide.mjs": "text/javascript",
    "pyodide.asm.wasm": "application/wasm",
    "search.json": "application/json",
    "01.ipynb": "application/json",
    "book.tar.gz": "application/gzip",
    "llms.txt": "text/plain; charset=utf-8",
    "other": "application/octet-stream",
}
MISSING = "<h1>No such page</h1>"

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="has no SIGINT")


@pytest.fixture
def site(tmp_path):
    """Return the folder of a small site."""
    folder = tmp_path / "html"
    (folder / "docs").mkdir(parents=True)
    for name in TYPES:
        (folder / name).write_bytes(gzip.compress(b"x") if "gz" in name else b"<p>")
    (folder / "404.html").write_text(MISSING, encoding="utf-8")
    (folder / "empty").mkdir()
    return folder


@pytest.fixture
def reading(site):
    """Return a function that starts the command; what it started ends with the test."""
    started = []

    def start(*words, **variables):
        process = subprocess.Popen(
            [*STRICT, "-m", "lab", "read", *words, str(site)],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        line = process.stdout.readline()
        process.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/docs/index", line)[1])
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def asked(process, path):
    """Return the answer to a request, and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=PATIENT)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_every_kind_of_file_has_its_type(reading, site):
    process = reading("--no-open")
    for name, kind in TYPES.items():
        answer, body = asked(process, f"/{name}")
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind), name
        assert answer.headers["Content-Encoding"] is None
        assert body == (site / name).read_bytes()
        assert Path(name).suffix in read.TYPES  # not left to what this machine knows


@pytest.mark.parametrize(
    "path", ["/no", "/docs/no/such.html", "/empty/", "/../conf.py"]
)
def test_a_missing_page_is_answered_by_the_sites_own(reading, path):
    process = reading("--no-open")
    answer, body = asked(process, path)
    assert (answer.status, body.decode()) == (404, MISSING)


def test_of_a_missing_page_it_sends_the_head_alone_if_asked_for_that(reading):
    process = reading("--no-open")
    with socket.create_connection(("127.0.0.1", process.port)) as browser:
        browser.sendall(b"HEAD /no HTTP/1.0\r\n\r\n")
        answer = browser.makefile("rb").read()
    assert b" 404 " in answer.splitlines()[0]
    assert answer.endswith(b"\r\n\r\n")


def test_a_browser_that_is_slow_does_not_delay_another(reading):
    process = reading("--no-open")
    with socket.create_connection(("127.0.0.1", process.port)):
        answer, _ = asked(process, "/docs/index.html")
        assert answer.status == 200


@needs_signals
def test_ctrl_c_ends_it_quietly(reading):
    process = reading("--no-open")
    asked(process, "/docs/index.html")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENT) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("error", "is_told"),
    [(ConnectionResetError, False), (BrokenPipeError, False), (OSError, True)],
)
def test_only_a_browser_that_hangs_up_is_no_reason_to_complain(
    site, capsys, error, is_told
):
    with read.served(site, 0) as server:
        try:
            raise error("a reason")
        except OSError:
            server.handle_error(None, ("127.0.0.1", 9011))
    assert ("a reason" in capsys.readouterr().err) is is_told


def refused(*words):
    """Return what a command says that does not serve, and its exit status."""
    done = subprocess.run(
        [*STRICT, "-m", "lab", "read", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENT,
        check=False,
    )
    assert done.stdout == ""
    return done.stderr, done.returncode


@pytest.mark.parametrize("name", ["no-such-folder", ""])
def test_without_a_book_it_says_how_to_build_one(tmp_path, name):
    words = f"lab: {tmp_path / name} has no book. Build the book first: make book\n"
    assert refused(str(tmp_path / name)) == (words, 2)


def test_a_port_that_is_in_use_is_named(site):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said, status = refused("--no-open", "--port", str(port), str(site))
    assert said.startswith(f"lab: cannot listen on 127.0.0.1:{port}: ")
    assert (said.count("\n"), status) == (1, 2)


# ---- The browser.


@pytest.mark.parametrize(
    ("words", "screen", "opens"),
    [((), True, True), (("--no-open",), True, False), ((), False, False)],
    ids=["a screen", "told not to", "no screen"],
)
def test_it_opens_the_first_page(site, monkeypatch, capsys, words, screen, opens):
    def interrupted(server):
        raise KeyboardInterrupt

    shown, before = [], set(threading.enumerate())
    monkeypatch.setattr(read, "show", shown.append)
    monkeypatch.setattr(read, "has_a_screen", lambda *_: screen)
    monkeypatch.setattr(read.Server, "serve_forever", interrupted)
    assert read.run([*words, str(site)]) == 0
    for thread in set(threading.enumerate()) - before:
        thread.join()
    (line,) = capsys.readouterr().out.splitlines()
    assert shown == ([line.split()[4]] if opens else [])


@pytest.mark.parametrize(
    ("platform", "variables", "has"),
    [
        ("darwin", {}, True),
        ("win32", {}, True),
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
    ],
)
def test_whether_there_is_a_screen(platform, variables, has):
    assert read.has_a_screen(platform, variables) is has


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens a page where only these browsers are installed.

    It returns the name of the one that was used, and what it was told to open.
    """

    def open_(names, wanted, **variables):
        for name in names:
            program = f'#!/bin/sh\necho "{name} $@" > "{tmp_path}/half"\n'
            program += f'/bin/mv "{tmp_path}/half" "{tmp_path}/opened"\n'
            (tmp_path / name).write_text(program, encoding="utf-8")
            (tmp_path / name).chmod(0o755)
        code = "from lab.commands import read; read.show('http://book')"
        here = {"PATH": str(tmp_path), "DISPLAY": ":0", "TERM": "xterm", **variables}
        command = [sys.executable, "-c", code]
        subprocess.run(command, cwd=ROOT, env=here, timeout=PATIENT, check=True)
        # Python waits for a browser in the terminal, and for no other.
        end = time.monotonic() + (PATIENT if wanted else 0)
        while not (tmp_path / "opened").exists() and time.monotonic() < end:
            time.sleep(0.01)
        found = tmp_path / "opened"
        return found.read_text("utf-8").strip() if found.exists() else ""

    return open_


unix = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="has one browser")


@unix
@pytest.mark.parametrize("name", ["xdg-open", "x-www-browser", "firefox", "chromium"])
def test_a_graphical_browser_opens_the_page(opened, name):
    said = opened([name, "w3m"], True)
    assert said.split()[0] == name
    assert said.split()[-1] == "http://book"


@unix
@pytest.mark.parametrize("name", ["w3m", "lynx", "elinks", "www-browser"])
@pytest.mark.parametrize("preferred", [False, True])
def test_a_browser_for_the_terminal_does_not_take_it(opened, name, preferred):
    variables = {"BROWSER": name} if preferred else {}
    assert opened([name], False, **variables) == ""


@unix
def test_without_any_browser_nothing_happens(opened):
    assert opened([], False) == ""
