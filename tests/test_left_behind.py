"""What a checked program leaves behind is ended, and nothing else; or it is said."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from staircase import PATIENT

from lab.__main__ import main
from lab.check import leftovers

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="there are no subreapers")
ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="has no sessions")

ANSWERS = "closes_after_eof"
SERVES = """
import os, pathlib, socket, sys
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
with open(sys.argv[2], "a") as pids:
    pids.write(f"{os.getpid()}\\n")
while True:
    connection = door.accept()[0]
    while connection.recv(1000):
        pass
    connection.close()
"""
# How a server comes to be started by something that starts it and stays.
STARTS = {
    "a child of its child": (
        "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.setsid()\n        serve()\n    os._exit(0)\n"
    ),
    "setsid": "import os\nif os.fork() == 0:\n    os.setsid()\n    serve()\n",
    "without its environment": (
        "import os\nif os.fork() == 0:\n    os.setsid()\n"
        "    os.execve(sys.executable, [sys.executable, '-I', '-c', SERVES,"
        " *sys.argv[1:]], {})\n"
    ),
    "deaf to SIGTERM": (
        "import os, signal\nif os.fork() == 0:\n    os.setsid()\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    serve()\n"
    ),
}
STAYS = "import time\ntime.sleep(600)\n"


def command(how, file, *, after=STAYS):
    code = f"import sys\nSERVES = {SERVES!r}\ndef serve(): exec(SERVES, {{}})\n"
    return [sys.executable, "-I", "-c", code + STARTS[how] + after, "{port}", str(file)]


@pytest.fixture
def lab(capsys):
    def call(*words):
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return call


def pids(file):
    return [int(line) for line in file.read_text().split()]


def alive(pid):
    """Whether a process runs; one that is dead may wait until somebody fetches it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:  # it has just gone, or there is no /proc
        return not stat.parent.parent.is_dir()


FIRST, *OTHERS = STARTS
# The others differ in what they do themselves; it is the same that ends them.
EACH = [FIRST, *(pytest.param(how, marks=pytest.mark.long) for how in OTHERS)]


@ON_LINUX
@pytest.mark.parametrize("how", EACH)
def test_what_has_left_the_group_is_ended(how, lab, tmp_path):
    file = tmp_path / "pids"
    words = ["--only", ANSWERS, "--", *command(how, file)]
    status, _, err = lab("check", "02", *words)
    assert (status, err) == (0, "")
    assert len(pids(file)) > 1  # one for the first look, one for the behaviour
    assert [pid for pid in pids(file) if alive(pid)] == []


@ON_POSIX
@pytest.mark.parametrize("how", EACH)
def test_a_program_that_goes_to_the_background_is_told_what_to_do(how, lab, tmp_path):
    file = tmp_path / "pids"
    file.touch()
    words = ["--only", ANSWERS, "--", *command(how, file, after="")]
    status, _, err = lab("check", "02", *words)
    if sys.platform == "linux":
        assert status == 0
        name = Path(sys.executable).name
        assert err.startswith(f"lab: {name} goes to the background, where it was ended")
        assert "; start it without &, setsid, or the option" in err
    for pid in pids(file):
        assert sys.platform != "linux" or not alive(pid)
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


@ON_LINUX
def test_what_we_did_not_start_goes_on(lab, tmp_path):
    ours = [sys.executable, "-c", STAYS]
    with (
        subprocess.Popen(ours) as before,
        subprocess.Popen(ours, start_new_session=True) as apart,
    ):
        file = tmp_path / "pids"
        lab("check", "02", "--only", ANSWERS, "--", *command("setsid", file))
        try:
            assert (before.poll(), apart.poll()) == (None, None)
        finally:
            before.kill()
            apart.kill()


@ON_LINUX
def test_a_child_of_ours_that_comes_later_is_not_an_orphan():
    # It is started within the block, by somebody else in this process.
    with leftovers.reaping(), subprocess.Popen([sys.executable, "-c", STAYS]) as later:
        try:
            assert leftovers._left() == set()
            leftovers._end_all(leftovers._left())
            assert later.poll() is None
        finally:
            later.kill()
    assert leftovers._subreaper() is False


@ON_POSIX
def test_a_port_that_stays_open_is_named(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "_subreaper", lambda: None)  # as on other systems
    file = tmp_path / "pids"
    words = ["--only", ANSWERS, "--", *command("setsid", file)]
    status, _, err = lab("check", "02", *words)
    left = pids(file)
    assert status == 0
    assert err.count("is still open: a process is out of reach") == len(left)
    for pid in left:
        os.kill(pid, signal.SIGKILL)


@ON_LINUX
def test_a_program_whose_children_are_dead_has_not_gone_to_the_background(lab):
    code = (
        "import os, time\nif os.fork() == 0:\n    os._exit(0)\nos.waitid(os.P_ALL, 0, "
    )
    code += "os.WEXITED | os.WNOWAIT)\n"  # it is dead, and nobody has fetched it
    begin = time.monotonic()
    words = ["--", sys.executable, "-I", "-c", code, "{port}"]
    status, _, err = lab("check", "02", *words)
    assert (status, time.monotonic() - begin < PATIENT) == (2, True)
    assert "it ended before it listened; if it goes to the background, start it" in err


@ON_LINUX
def test_a_check_that_is_stopped_ends_them_too(tmp_path):
    file = tmp_path / "pids"
    os.mkfifo(file)  # to read it is to wait until a server is there
    words = [sys.executable, "-m", "lab", "check", "02", "--"]
    with subprocess.Popen(
        [*words, *command("setsid", file)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as checker:
        with file.open() as told:
            server = int(told.readline())
        checker.send_signal(signal.SIGTERM)
        _, err = checker.communicate(timeout=PATIENT * 2)
    # On a busy machine, asyncio may add a line of its own.
    assert "lab: stopped; nothing is left running" in err
    assert not alive(server)


def test_a_slow_server_is_given_the_time_that_it_is_said_to_need(lab, tmp_path):
    file = tmp_path / "listens"
    code = f"""
import pathlib, sys, time
while not pathlib.Path(sys.argv[2]).with_name("go").exists():
    time.sleep(0.01)
{SERVES}"""
    words = ["--", sys.executable, "-I", "-c", code, "{port}", file]
    begin = time.monotonic()
    status, _, err = lab("check", "02", "--start-within", "0.3", *words)
    assert time.monotonic() - begin < PATIENT
    assert status == 2
    assert "within 0.3 s; to wait longer: --start-within" in err
    (tmp_path / "go").touch()
    more = ["--start-within", "60", "--only", ANSWERS]
    assert lab("check", "02", *more, *words)[0] == 0


@pytest.mark.parametrize("seconds", ["0", "-1", "inf", "nan", "soon"])
def test_a_time_that_is_none_is_refused(seconds, capsys):
    with pytest.raises(SystemExit):
        main(["check", "05", "mine.py", f"--start-within={seconds}"])
    assert "--start-within" in capsys.readouterr().err


def test_a_port_is_written_in_digits_that_everybody_reads(lab):
    status, _, err = lab("check", "05", "--connect", "localhost:\u0663")
    assert status == 2
    assert "--connect takes HOST:PORT" in err
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        words = ["--connect", f"127.0.0.1:{port}", "--start-within", "1"]
        assert lab("check", "05", *words)[0] == 2
