"""A step as a program: what it does without its output, how it is started and ended."""

import asyncio
import contextlib
import io
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from strict import complaints

from lab import story
from lab.check.program import start_command
from lab.check.subjects import free_port, until_it_listens
from lab.client import Connection
from lab.host import load
from lab.story import ROOT, STEPS
from lab.wire import encode

PATIENT = 15.0  # seconds: a busy machine is no failure
LISTENING = [step for step in story.steps() if step.kind in ("server", "side")][1:]
NEWEST = story.steps_of("server")[-1]

FULL = ">/dev/full"
CLOSED = ">&-"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only it has /dev/full")
not_on_windows = pytest.mark.skipif(
    sys.platform == "win32", reason="needs a shell, and signals to a single process"
)


def since(number):
    """Return the servers from this step on; the newest is for the short tier."""
    return [
        pytest.param(
            step, id=step.name, marks=[] if step == NEWEST else [pytest.mark.long]
        )
        for step in LISTENING
        if step.number >= number
    ]


def program(step, folder, port):
    """Return a file that is the step, but for the port of the book."""
    text = step.path.read_text(encoding="utf-8")
    file = folder / step.path.name
    file.write_text(text.replace("9011", str(port)), encoding="utf-8")
    return file


def by_hand(step, folder, port):
    """Return how to start the step as ``python steps/server05.py`` does."""
    return [sys.executable, str(program(step, folder, port))]


def by_lab(step, folder, port):
    """Return how to start the step as ``python -m lab run 05`` does."""
    return [sys.executable, "-m", "lab", "run", step.name, f"--port={port}"]


@contextlib.asynccontextmanager
async def started(words, redirected="", **variables):
    """Start a command, with its output where the shell puts it, buffered as usual."""
    # A program of its own has no steps/ on its path, unless somebody says so.
    variables["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(STEPS)])
    settings = [f"{name}={value}" for name, value in variables.items()]
    words = ["env", "-u", "PYTHONUNBUFFERED", *settings, *words]
    shell = ["sh", "-c", f'exec "$@" {redirected}', "sh", *words]
    running = await start_command(shell if redirected else words, NEWEST.path)
    try:
        yield running
    finally:
        await running.stop()


async def ends_well(server):
    """Stop it as Ctrl-C does: success, and not a word."""
    assert await server.interrupt(PATIENT) == 0
    assert complaints(server.errors) == ""


async def serves(server):
    """Let one client join and hear so, one hang up, and another one join."""
    for name in ("alice", "bob"):
        client = await server.connect(name, PATIENT)
        assert (await client.join("tea"))["from"] == name
        client.connection.finish()
        await client.hear_the_end()


# Without its output.


@on_linux
@pytest.mark.parametrize("started_by", [by_hand, by_lab])
@pytest.mark.parametrize("redirected", [FULL, CLOSED])
@pytest.mark.parametrize("step", since("06"))
async def test_it_serves_without_an_output_and_ends_well(
    step, redirected, started_by, tmp_path
):
    port = free_port()
    async with started(started_by(step, tmp_path, port), redirected) as server:
        await until_it_listens(server, port)
        await serves(server)
        await ends_well(server)


@not_on_windows
@pytest.mark.parametrize("started_by", [by_hand, by_lab])
@pytest.mark.parametrize("step", since("06"))
async def test_it_serves_when_the_reader_of_its_output_has_gone_and_ends_well(
    step, started_by, tmp_path
):
    async with started(started_by(step, tmp_path, 0)) as server:
        await server.begin()
        await server.lose_output()
        await serves(server)
        await ends_well(server)


@on_linux
@pytest.mark.parametrize("step", since("06"))
async def test_on_a_disk_that_has_room_again_it_prints_again(step, tmp_path):
    import resource

    port, file = free_port(), tmp_path / "log"
    words = by_hand(step, tmp_path, port)
    async with started(words, f'>>"{file}"') as server:
        await until_it_listens(server, port)
        size = file.stat().st_size
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, -1))
        await serves(server)
        before = file.read_text()
        assert before.count("New client connected!") == 1  # of ours
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        await serves(server)
        assert "New client connected!" in file.read_text().removeprefix(before)


@not_on_windows
@pytest.mark.parametrize("step", [story.find("03"), story.find("04"), NEWEST])
async def test_an_output_without_a_letter_is_enough_for_every_name(step, tmp_path):
    words = by_hand(step, tmp_path, 0)
    async with started(words, PYTHONIOENCODING="ascii:strict") as server:
        await server.begin()
        client = await Connection.open(server)
        for message in (
            {"action": "connect", "username": "Łukasz"},
            {"action": "joinroom", "room": "żółw"},
            {"action": "chat", "room": "żółw", "message": "cześć"},
        ):
            await client.send(encode(message))
        client.finish()
        await client.rest(PATIENT)
        await client.close()
        await server.prints("Client gone.", PATIENT)
        printed = r"\u0141ukasz" if step == NEWEST else r"cze\u015b\u0107"
        assert printed in str(server.transcript)
        assert str(server.errors) == ""


def test_nothing_that_a_print_may_raise_reaches_a_client(monkeypatch):
    closed = io.StringIO()
    closed.close()
    without_letters = io.TextIOWrapper(io.BytesIO(), "ascii")
    for output in (closed, without_letters, None):
        monkeypatch.setattr(sys, "stdout", output)
        load(NEWEST).log("Łukasz")


# What cannot be.


def test_a_port_in_use_is_said_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = {
            step.name: subprocess.Popen(
                by_hand(step, tmp_path, port),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(STEPS)},
            )
            for step in LISTENING
        }
        for name, process in said.items():
            output, errors = process.communicate(timeout=PATIENT)
            assert (process.returncode, output) == (1, ""), name
            (line,) = errors.splitlines()
            assert line.startswith("Cannot serve: "), name
            assert str(port) in line, name
            assert "in use" in line.lower(), name


@on_linux
@pytest.mark.parametrize("number", ["02", "05"])
async def test_a_full_disk_is_not_called_a_port_in_use(number, tmp_path):
    words = by_hand(story.find(number), tmp_path, 0)
    async with started(words, FULL) as server:
        assert await server.exit_status(PATIENT) != 0
        assert "Cannot serve: [Errno 28] No space left on device" in str(server.errors)
        assert "Traceback" not in str(server.errors)


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--help"], ["0"]])
@pytest.mark.parametrize("step", since("07"))
def test_it_takes_no_arguments_and_says_what_does(step, arguments):
    words = [sys.executable, f"steps/{step.name}.py", *arguments]
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=ROOT, timeout=PATIENT, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    command = f"python -m lab run steps/{step.name}.py {' '.join(arguments)}"
    assert line == f"It takes no arguments; try: {command}"


@not_on_windows
async def test_what_it_says_instead_of_arguments_can_be_done():
    words = ["-m", "lab", "run", f"steps/{NEWEST.name}.py", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert (await process.stdout.readline()).startswith(b"Listening on 127.0.0.1:")
    finally:
        process.kill()
        await process.communicate()


async def test_a_file_that_reads_its_arguments_finds_none_of_the_lab(tmp_path):
    file = tmp_path / "mine.py"
    text = program(story.find("05"), tmp_path, 0).read_text(encoding="utf-8")
    file.write_text(text + "\nprint('arguments:', sys.argv[1:], flush=True)\n")
    words = [sys.executable, "-m", "lab", "run", str(file), "--port=0"]
    async with started(words) as server:
        await server.begin()
        assert server.transcript.lines[0] == "arguments: []"


# Limits.


@on_linux
@pytest.mark.parametrize("most", [16, 20])
async def test_it_says_how_many_find_room_where_descriptors_are_few(most):
    words = [sys.executable, "-m", "lab", "run", NEWEST.name, "--port=0"]
    shell = ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", *words]
    async with started(shell) as server:
        line = await server.prints("There is room for", PATIENT)
        found = re.fullmatch(
            rf"There is room for (\d+) of 1000 clients: ulimit -n is {most}", line
        )
        await server.begin()
        for number in range(int(found[1])):
            await (await server.connect(f"{number}", PATIENT)).join("tea")
        assert not [line for line in server.transcript.lines if "descriptor" in line]
        await server.call()
        await server.prints("No file descriptor is left", PATIENT)


@on_linux
@pytest.mark.parametrize("most", [5, 6])
@pytest.mark.parametrize("number", ["02", NEWEST.number])
def test_without_a_descriptor_for_a_client_it_does_not_begin(number, most):
    words = [sys.executable, "-m", "lab", "run", number, "--port=0"]
    done = subprocess.run(
        ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENT,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"cannot serve: Too many open files: ulimit -n is {most}")


# Signals that are ignored.


def with_ignored(name, words):
    """Return how to start a command with a signal ignored, as nohup does."""
    return ["sh", "-c", f'trap "" {name}; exec "$@"', "sh", *words]


@not_on_windows
async def test_a_closed_terminal_that_is_ignored_stays_ignored(tmp_path):
    words = by_hand(NEWEST, tmp_path, 0)
    async with started(with_ignored("HUP", words)) as server:
        await server.begin()
        client = await server.connect("alice", PATIENT)
        server.process.send_signal(signal.SIGHUP)
        await client.join("tea")
        # Had it been heeded, this would be the second one, which ends it at once.
        assert await server.interrupt(PATIENT, signal.SIGTERM) == 0


@not_on_windows
async def test_ctrl_c_ends_a_job_that_a_script_has_in_its_background(tmp_path):
    words = by_hand(NEWEST, tmp_path, 0)  # shells start these with SIGINT ignored
    async with started(with_ignored("INT", words)) as server:
        await server.begin()
        assert await server.interrupt(PATIENT, signal.SIGINT) == 0


# Addresses.


def has_ipv6():
    """Whether the system lets us listen on ::1."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


with_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")


@with_ipv6
@pytest.mark.parametrize("number", ["02", NEWEST.number, "09_protocol"])
async def test_an_ipv6_address_is_printed_as_in_a_url(number):
    words = ["-m", "lab", "run", f"server{number}", "--port=0", "--host=::1"]
    async with started([sys.executable, *words]) as server:
        await server.begin()
        host, port = server.address
        assert host == "::1"
        assert server.transcript.lines == [f"Listening on [::1]:{port}"]
        await (await Connection.open(server)).close()


@with_ipv6
@pytest.mark.parametrize("number", ["02", NEWEST.number])
async def test_each_address_is_printed_and_can_be_called(number):
    words = ["-m", "lab", "run", number, "--port=0", "--host="]
    async with started([sys.executable, *words]) as server:
        await server.prints("Listening on", PATIENT, times=2)
        found = [
            re.fullmatch(r"Listening on \[?([^]]+)\]?:(\d+)", line)
            for line in server.transcript.lines
        ]
        assert sorted(match[1] for match in found) == ["0.0.0.0", "::"]
        for match in found:
            here = "127.0.0.1" if match[1] == "0.0.0.0" else "::1"
            server.listens_at(here, int(match[2]))
            await (await Connection.open(server)).close()
