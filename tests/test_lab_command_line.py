"""``python -m lab`` and ``python steps/serverNN.py``, started as people start them."""

import asyncio
import errno
import os
import re
import socket
import subprocess
import sys

import pytest
from strict import STRICT, complaints

from lab import story
from lab.__main__ import main
from lab.host import Process
from lab.story import ROOT

PATIENT = 30.0  # seconds for what has to happen: a busy machine is no failure

STEPS = {step.name: step for step in story.steps()}
SERVERS = [step for step in story.steps() if step.kind == "server"]
LISTENING = [step for step in SERVERS if step.listens]

IN_USE = os.strerror(errno.EADDRINUSE).lower()

# With what is written here argparse or lab itself has to refuse.
REFUSED = {
    "run 99": "there is no step '99'; the steps are server01, ",
    "run server5": "there is no step 'server5'",
    "run nowhere.py": "there is no step 'nowhere.py'",
    "run utils01": "utils01 is no server. Steps import it.",
    "run client01": "client01 is no server. Start it by: python steps/client01.py",
    "run conf.py": "conf.py has no 'async def main'",
    "run 05 --host ...": "argument --host",
    "run 05 --port 65536": "a port is a number up to 65535, not 65536",
    "run 05 --port -1": "a port is a number up to 65535, not -1",
    "run 05 --port \u0663": "a port is a number up to 65535, not \u0663",
    "run \u0665": "there is no step '\u0665'",
    "run 05 --port many": "a port is a number up to 65535, not many",
    "run 01 --set TOCK=1": "there is no setting TOCK; there are: TICK",
    "run 05 --set TICK=1": "there is no setting TICK; there are: none",
    "run 01 --set TICK": "--set takes NAME=VALUE, not TICK",
    "run 01 --set TICK=often": "TICK takes a value of type float, not 'often'",
    "run 01 --set TICK=": "TICK takes a value of type float, not ''",
    "run 01 --set TICK=[1]": "TICK takes a value of type float, not '[1]'",
    "run 02 --set CHUNK=1e999": "CHUNK takes a value of type int, not '1e999'",
    "run 12 --set MAX_CLIENTS=-1": "MAX_CLIENTS has to be a number above 0, not -1",
    "run 05 --set utils02.HEADER=4": "server05.py does not import utils02",
    "run 05 --set utils01.TICK=4": "there is no setting TICK; there are: HEADER",
    "run 05 --loop nosuchloop": "there is no event loop 'nosuchloop' here",
    "run 05 --loop json": "there is no event loop 'json' here",
    "run": "the following arguments are required: step",
    "dance": "invalid choice: 'dance'",
}

# What lab run would rather not begin with.
NO_LIMITS = {
    "MAX_UNSENT=0": "a number above 0, not 0",
    "MAX_CLIENTS=9999999999": "2147483647 or less, not 9999999999",
    "RATE=0": "a number above 0, not 0.0",
    "RATE=-1.5": "a number above 0, not -1.5",
    "RATE=1e999": "a number above 0, not inf",
    "BURST=0.5": "1 or more, not 0.5",
    "GOODBYE=-3": "a number above 0, not -3.0",
}

JOIN = b'{"action":"joinroom","room":"tea"}'

OTHER_LOOP = """
import asyncio

class EventLoopPolicy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self):
        print("a loop of otherloop", flush=True)
        return super().new_event_loop()
"""


def lab(*arguments):
    """Run ``python -m lab`` to its end, with nothing to read on its stdin."""
    done = subprocess.run(
        [*STRICT, "-m", "lab", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=PATIENT,
        check=False,
    )
    done.stderr = complaints(done.stderr)
    return done


async def started(*command, step="server05"):
    """Start a Python command, as a process that knows what it prints."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *STRICT, *command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT
    )
    return Process(STEPS[step], process)


async def test_what_a_busy_machine_makes_asyncio_say_is_no_complaint():
    main = (
        "import asyncio, sys, time\n"
        "async def main():\n"
        "    time.sleep(0.2)\n"
        "asyncio.run(main())\n"
        "print('Executing orders took a while', file=sys.stderr)\n"
    )
    async with await started("-c", main) as busy:
        assert await busy.exit_status(PATIENT) == 0
        assert len(busy.errors.lines) == 2
        assert complaints(busy.errors) == "Executing orders took a while"


async def answers(host, port):
    """Connect and hang up; OSError if nobody is there."""
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    await writer.wait_closed()


def test_alone_it_prints_what_it_can_do():
    done = lab()
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("python -m lab story", "python -m lab run 05"):
        assert command in done.stdout


def test_story_prints_all_steps_in_their_order():
    done = lab("story")
    assert (done.returncode, done.stderr) == (0, "")
    sentences = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert sentences == [f"{step.name}  {step.sentence}" for step in story.steps()]
    for step in story.steps():
        assert f"new: {step.new}\n" in done.stdout
        assert f"still wrong: {step.wrong}\n" in done.stdout


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_cannot_be_done_is_refused_in_one_clear_line(arguments):
    done = lab(*arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    *usage, line = done.stderr.splitlines()
    assert re.match(r"(lab: |python -m lab.*: error: )", line)
    assert not usage or usage[0].startswith("usage: python -m lab")
    assert REFUSED[arguments] in line


@pytest.mark.parametrize("setting", NO_LIMITS)
def test_what_can_be_no_limit_is_refused_in_one_clear_line(setting, capsys):
    assert main(["run", "12", "--set", setting]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors == f"lab: {setting.split('=')[0]} has to be {NO_LIMITS[setting]}\n"


def test_a_port_in_use_is_refused_in_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = lab("run", "05", f"--port={port}")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"lab: 127.0.0.1:{port} is in use; ")


def test_an_address_that_is_not_ours_is_refused():
    done = lab("run", "05", "--host=192.0.2.1")  # of documentation, never of a machine
    assert (done.returncode, done.stdout) == (2, "")
    *log, line = done.stderr.splitlines()
    assert line.startswith("lab: cannot listen on 192.0.2.1:9011: ")
    assert len(log) <= 1  # asyncio on 3.13 says it, too, when it debugs


@pytest.mark.parametrize("text", ["x = 1\n", "main = 5\n", "main = None\n"])
def test_a_file_without_a_coroutine_main_is_refused(tmp_path, text):
    file = tmp_path / "mine.py"
    file.write_text(text)
    done = lab("run", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    wanted = "lab: mine.py has no 'async def main', so it cannot start"
    assert done.stderr.splitlines() == [wanted]


# What a file does when it is loaded, and the line that says what to do.
AT_ONCE = {
    "def main(): pass\n": "line 1: main is not a coroutine function; write 'async def",
    "\n\ndef main(host, port):\n    serve(host)\n": "line 3: main is not a coroutine",
    "import asyncio\nasync def main(host='', port=0):\n"
    "    await asyncio.start_server(print, '127.0.0.1', 0)\n"
    "asyncio.run(main())\n": "mine.py, line 4: it starts itself when it is imported",
    "import asyncio\nloop = asyncio.new_event_loop()\n"
    "async def main(port): await loop.create_server(asyncio.Protocol, port=port)\n"
    "try:\n    loop.run_until_complete(main(0))\nexcept Exception: pass\n"
    "finally: loop.close()\n": "mine.py, line 5: it starts itself",
    "import helper\nasync def main(port): pass\n": "helper.py, line 2: ",
    "\nimport raises\nasync def main(port): pass\n": (
        "raises.py, line 1: ZeroDivisionError: division by zero"
    ),
    "\n1 / 0\nasync def main(port): pass\n": "mine.py, line 2: ZeroDivisionError: ",
    "x = (\nasync def main(port): pass\n": "line 1: '(' was never closed",
}


@pytest.mark.parametrize("text", AT_ONCE)
def test_a_file_that_fails_when_it_is_loaded_is_one_line(tmp_path, text):
    (tmp_path / "helper.py").write_text("x = 1\ndef :\n")
    (tmp_path / "raises.py").write_text("1 / 0\n")
    file = tmp_path / "mine.py"
    file.write_text(text)
    done = lab("run", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert AT_ONCE[text] in line


@pytest.mark.parametrize("name", ["05", "5", "server05", "steps/server05.py"])
async def test_run_prints_the_address_and_listens_there(name):
    async with await started("-m", "lab", "run", name, "--port", "0") as server:
        await server.begin()
        host, port = server.address
        assert server.transcript.lines == [f"Listening on 127.0.0.1:{port}"]
        await answers(host, port)
        await server.prints("Client gone.", PATIENT)


async def test_run_takes_the_path_of_a_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_bytes((ROOT / "steps" / "server05.py").read_bytes())
    async with await started("-m", "lab", "run", str(file), "--port=0") as server:
        await server.begin()
        await answers(*server.address)


async def test_run_takes_a_setting():
    run = ("-m", "lab", "run", "01", "--set", "TICK=0.01")
    async with await started(*run, step="server01") as server:
        await server.prints("tick 20", PATIENT)  # else it would take twenty seconds


async def test_run_takes_a_setting_of_a_file_that_the_step_imports():
    run = ("-m", "lab", "run", "05", "--port=0", "--set", "utils01.HEADER=2")
    async with await started(*run) as server:
        await server.begin()
        reader, writer = await asyncio.open_connection(*server.address)
        for payload in (b'{"action":"connect","username":"a"}', JOIN):
            writer.write(len(payload).to_bytes(2, "little") + payload)
        size = int.from_bytes(await reader.readexactly(2), "little")
        assert b'"joinroom"' in await reader.readexactly(size)
        writer.close()
        await writer.wait_closed()


async def test_run_takes_an_event_loop_that_is_installed(tmp_path):
    (tmp_path / "otherloop.py").write_text(OTHER_LOOP)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "from lab.__main__ import main; main(sys.argv[1:])"
    )
    async with await started(
        "-c", code, "run", "05", "--port=0", "--loop", "otherloop"
    ) as server:
        await server.prints("a loop of otherloop", PATIENT)
        await server.begin()
        await answers(*server.address)


@pytest.mark.skipif(sys.platform == "win32", reason="cannot send Ctrl-C there")
@pytest.mark.parametrize("step", SERVERS, ids=lambda step: step.name)
async def test_run_ends_with_status_0_at_ctrl_c(step):
    port = ["--port=0"] if step.listens else []
    run = ("-m", "lab", "run", step.name, *port)
    async with await started(*run, step=step.name) as server:
        await server.begin()
        assert await server.interrupt(PATIENT) == 0
        assert complaints(server.errors) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="cannot send Ctrl-C there")
async def test_server01_runs_by_itself_and_stops_at_ctrl_c():
    async with await started("steps/server01.py", step="server01") as server:
        await server.prints("tick 1", PATIENT)  # before that there is nothing to stop
        assert await server.interrupt(PATIENT) == 0
        assert complaints(server.errors) == ""
        assert server.transcript.lines[-1].startswith("The server has stopped after ")


@pytest.mark.skipif(sys.platform == "win32", reason="cannot send Ctrl-C there")
async def test_each_step_runs_by_itself_and_stops_at_ctrl_c():
    # One after the other in one test, since all want the same port.
    for step in LISTENING:
        async with await started(f"steps/{step.name}.py", step=step.name) as server:
            try:
                await server.begin()
            except OSError as error:
                if IN_USE in str(error).lower():
                    pytest.skip("somebody else uses port 9011")
                raise
            assert server.address == ("127.0.0.1", 9011)
            await answers(*server.address)
            await server.prints("Client gone.", PATIENT)
            assert await server.interrupt(PATIENT) == 0
            assert complaints(server.errors) == ""


@pytest.mark.parametrize("words", ["story", "solution 05", "show broken/echoes"])
def test_a_reader_who_has_seen_enough_ends_it_quietly(words):
    with subprocess.Popen(
        [*STRICT, "-m", "lab", *words.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        process.stdout.close()  # before it has written anything
        assert process.stderr.read() == b""
    assert process.returncode == 0
