"""The first client, as people use it: a process, a terminal, a server."""

import asyncio
import contextlib
import io
import itertools
import os
import re
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import client01
import pace
import pytest
from strict import STRICT, complaints

from lab import story
from lab.host import Process, start, start_process
from lab.story import ROOT
from lab.wire import Decoder, encode, frame

PATIENT = 30.0  # seconds for what has to happen: a busy machine is no failure

FROM_03_ON = [s for s in story.steps() if s.kind == "server" and s.number >= "03"]

NO_FULL_DISK = not Path("/dev/full").exists()
TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) != 0)"


class Typist(Process):
    """Somebody at a terminal, in which client01 has been started."""

    @classmethod
    async def at(
        cls, port, name="alice", stdin=PIPE, before=(), folder=None, **environment
    ):
        """Start the client, with a warning being an error that it dies of."""
        client = [*STRICT, str(ROOT / "steps" / "client01.py"), name, f"--port={port}"]
        process = await asyncio.create_subprocess_exec(
            *before,
            *client,
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        )
        return cls(story.find("client01"), process)

    async def types(self, *lines):
        """Type lines, each with Enter at the end."""
        for line in lines:
            self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def sees(self, fragment):
        await self.prints(fragment, PATIENT)

    async def ends(self):
        """Wait for the end; return the exit status and what came on stderr."""
        status = await self.exit_status(PATIENT)
        return status, complaints(self.errors)


@contextlib.asynccontextmanager
async def room(step="05", settings=None):
    """Start a step with bob in the room, who hears what the typist says."""
    async with await start(step, settings=settings) as server:
        bob = await server.connect("bob", PATIENT)
        await bob.join("tea")
        yield server.address[1], bob


@contextlib.asynccontextmanager
async def impostor(*messages):
    """Start a server that sends these and then hangs up; yield port and what came."""
    came = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def client_connected(reader, writer):
        for message in messages:
            writer.write(message if isinstance(message, bytes) else encode(message))
        writer.write_eof()
        decoder = Decoder()
        with contextlib.suppress(ConnectionError):
            came.set_result(list(decoder.feed(await reader.read())))
        writer.close()
        over.set()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], came
        async with asyncio.timeout(PATIENT):
            await over.wait()


async def test_what_is_typed_is_said_in_the_room():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea", "hello, bob")
        heard = await bob.hear("chat")
        assert heard == {
            "action": "chat",
            "room": "tea",
            "message": "hello, bob",
            "from": "alice",
        }


async def test_what_the_others_say_and_do_is_shown():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea")
        await alice.sees("[tea] alice has joined")
        await bob.say("tea", "Grüße, 茶!")
        await alice.sees("[tea] bob: Grüße, 茶!")
        await bob.leave("tea")
        await alice.sees("[tea] bob has left")
        await bob.join("tea")
        await alice.sees("[tea] bob has joined")


async def test_it_says_who_one_is_and_what_can_be_typed():
    async with room() as (port, _), await Typist.at(port) as alice:
        await alice.sees("You are alice. /join ROOM, /leave, /quit")


async def test_after_leave_the_room_is_left():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea", "/leave", "still there?")
        await alice.sees("[tea] alice has left")
        await alice.sees("Join a room before you speak")
        await alice.types("/join tea", "back again")
        assert (await bob.hear("chat"))["message"] == "back again"


async def test_quit_ends_it_with_everything_said():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea", "hello", "/quit", "never said")
        assert await alice.ends() == (0, "")
        assert (await bob.hear("chat"))["message"] == "hello"
        assert (await bob.hear("leaveroom"))["from"] == "alice"
        assert "never said" not in str(bob.heard)


@pytest.mark.parametrize("command", ["/dance", "/join", "/leave it", "/"])
async def test_an_unknown_command_is_explained_and_not_said(command):
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea", command, "hello")
        assert (await bob.hear("chat"))["message"] == "hello"
        assert alice.transcript.lines.count(client01.HELP) == 1


@pytest.mark.parametrize("line", ["hello", "/leave", "/dance"])
async def test_without_a_room_one_is_told_to_join_one(line):
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types(line, "", "   ", "/quit")
        assert await alice.ends() == (0, "")
        assert len([text for text in alice.transcript.lines if "Join a" in text]) == 1
        assert [message["from"] for message in bob.heard] == ["bob"]


@pytest.mark.parametrize(
    ("step", "settings"), [("05", {}), ("12", {"RATE": "200.0"})], ids=["05", "12"]
)
async def test_the_end_of_a_pipe_ends_it_with_everything_said(step, settings):
    async with room(step, settings) as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea", *(f"message {n}" for n in range(100)))
        alice.process.stdin.close()
        assert await alice.ends() == (0, "")
        said = [(await bob.hear("chat"))["message"] for _ in range(100)]
        assert said == [f"message {n}" for n in range(100)]


async def test_the_end_of_a_file_ends_it_with_everything_said(tmp_path):
    typed = tmp_path / "typed"
    typed.write_text("/join tea\nGrüße\nno newline at the end", encoding="utf-8")
    with typed.open() as stdin:
        async with room() as (port, bob), await Typist.at(port, stdin=stdin) as alice:
            assert await alice.ends() == (0, "")
            said = [(await bob.hear("chat"))["message"] for _ in range(2)]
            assert said == ["Grüße", "no newline at the end"]


async def test_with_no_input_at_all_it_ends_at_once():
    nothing = asyncio.subprocess.DEVNULL
    async with room() as (port, _), await Typist.at(port, stdin=nothing) as alice:
        assert await alice.ends() == (0, "")


async def test_what_cannot_be_decoded_is_no_reason_to_die():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea")
        alice.process.stdin.write(b"\xff\xfe\n")
        await alice.types("hello")
        said = [(await bob.hear("chat"))["message"] for _ in range(2)]
        assert said == ["��", "hello"]


async def test_what_the_terminal_cannot_display_is_no_reason_to_die():
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    async with room() as (port, bob), await Typist.at(port, **ascii_only) as alice:
        await alice.types("/join tea")
        await alice.sees("alice has joined")
        await bob.say("tea", "茶?")
        await alice.sees(r"[tea] bob: \u8336?")


async def test_who_has_said_all_still_hears_until_the_server_hangs_up():
    async def client_connected(reader, writer):
        await reader.read()  # to the end of what the client sends
        last = {"action": "chat", "room": "tea", "message": "bye", "from": "bob"}
        writer.write(encode(last))
        writer.close()

    nothing = asyncio.subprocess.DEVNULL
    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with await Typist.at(port, stdin=nothing) as alice:
            assert await alice.ends() == (0, "")
        assert alice.transcript.lines[-1] == "[tea] bob: bye"


async def test_who_has_said_all_answers_no_ping_and_still_hears():
    async def client_connected(reader, writer):
        await reader.read()  # to the end of what the client sends
        last = {"action": "chat", "room": "tea", "message": "bye", "from": "bob"}
        writer.write(encode({"action": "ping"}) + encode(last))
        writer.close()

    nothing = asyncio.subprocess.DEVNULL
    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with await Typist.at(port, stdin=nothing) as alice:
            assert await alice.ends() == (0, "")
        assert alice.transcript.lines[-1] == "[tea] bob: bye"


@pytest.mark.skipif(sys.platform == "win32", reason="cannot send Ctrl-C there")
async def test_ctrl_c_ends_it_without_an_error():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea")
        await alice.sees("alice has joined")
        assert await alice.interrupt(PATIENT) == 0
        assert complaints(alice.errors) == ""
        assert (await bob.hear("leaveroom"))["from"] == "alice"


async def test_it_ends_at_once_when_the_server_goes_away():
    server = await start_process("05")  # which knows nothing of saying goodbye
    async with server, await Typist.at(server.address[1]) as alice:
        await alice.types("/join tea")
        await alice.sees("alice has joined")
        await server.stop()
        assert await alice.ends() == (0, "")  # although more could still be typed
        assert alice.transcript.lines[-1] == "The server has hung up."


async def test_when_nobody_is_there_it_says_so_in_a_line():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # taken, so that nobody else listens there
        port = silent.getsockname()[1]
        async with await Typist.at(port) as alice:
            status, errors = await alice.ends()
    assert status == 1
    (line,) = errors.splitlines()
    assert line.startswith(f"No server at 127.0.0.1:{port}")


async def test_it_answers_a_ping():
    async with impostor({"action": "ping"}) as (port, came):
        async with await Typist.at(port, "alice") as alice:
            assert await alice.ends() == (0, "")
        assert await came == [
            {"action": "connect", "username": "alice"},
            {"action": "pong"},
        ]


async def test_what_commands_a_terminal_is_shown_and_not_obeyed():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea")
        await alice.sees("alice has joined")
        await bob.say("tea", "\x1b[2J\r\b\x9b1m\u202e\ud800 gone?")
        await alice.sees(r"[tea] bob: \x1b[2J\r\x08\x9b1m\u202e\ud800 gone?")


@pytest.mark.parametrize("step", FROM_03_ON, ids=lambda step: step.name)
async def test_it_speaks_to_every_step_from_03_on(step):
    async with await start(step) as server:
        async with await Typist.at(server.address[1]) as alice:
            await alice.types("/join tea", "hello", "/leave", "/quit")
            assert await alice.ends() == (0, "")
        await server.prints("Client gone.", PATIENT)
        assert not str(server.errors)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
async def test_it_works_in_a_real_terminal():
    # A process of its own owns the terminal, as a shell's window does: what we write
    # to it is typed there, and what the terminal displays is what it prints.
    terminal = (sys.executable, "-c", TERMINAL)
    async with room() as (port, bob), await Typist.at(port, before=terminal) as alice:
        await alice.sees("You are alice.")
        await alice.types("/join tea", "hello")
        assert (await bob.hear("chat"))["message"] == "hello"
        await bob.say("tea", "hello, alice")
        await alice.sees("[tea] bob: hello, alice")
        alice.process.stdin.write(b"\x04")  # Ctrl-D
        assert await alice.ends() == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
async def test_in_a_real_terminal_one_ctrl_d_ends_it():
    terminal = (sys.executable, "-c", TERMINAL)
    async with room() as (port, _), await Typist.at(port, before=terminal) as alice:
        await alice.sees("You are alice.")
        alice.process.stdin.write(b"\x04")
        assert await alice.ends() == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
async def test_ctrl_c_in_a_real_terminal_ends_it():
    terminal = (sys.executable, "-c", TERMINAL)
    async with room() as (port, _), await Typist.at(port, before=terminal) as alice:
        await alice.sees("You are alice.")
        alice.process.stdin.write(b"\x03")
        assert await alice.ends() == (0, "")
        assert "Traceback" not in str(alice.transcript)


# What needs no process of its own: the client runs in ours.


class Keyboard(io.TextIOBase):
    """What is typed: these lines, and then the end; or whatever raises."""

    def __init__(self, *lines):
        self.lines = iter(lines)
        self.taken = 0

    def readline(self, most=-1):
        line = next(self.lines, "")
        if isinstance(line, Exception):
            raise line
        self.taken += 1
        return line and f"{line}\n"


@pytest.fixture
def chatting(monkeypatch, capsys):
    """Return a function that chats, and returns what is shown and what went wrong."""

    async def chat(port, *lines, keyboard=None, name="alice"):
        monkeypatch.setattr(sys, "stdin", keyboard or Keyboard(*lines))
        problems = []
        async with asyncio.timeout(PATIENT):
            await client01.main(name, port=port, problems=problems)
        shown = capsys.readouterr()
        assert shown.err == ""
        return shown.out.splitlines(), " ".join(problems)

    return chat


@pytest.mark.parametrize(
    "unknown",
    [{"action": "dance"}, {}, {"action": "chat"}, {"action": ["chat"]}, [], 1, None],
    ids=str,
)
async def test_what_it_does_not_know_is_passed_over(chatting, unknown):
    known = {"action": "chat", "room": "tea", "message": "hello", "from": "bob"}
    async with impostor(unknown, known) as (port, _):
        shown, problem = await chatting(port)
    assert shown[1:2] == ["[tea] bob: hello"]
    assert problem == ""


RUBBISH = {
    "latin-1": frame("é".encode("latin-1")),
    "deep": frame(b"[" * 100_000),
    "digits": frame(b"9" * 5000),
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half a message": encode({"action": "ping"})[:9],
    "half a header": b"\1\0",
    "a good one before": encode({"action": "ping"}) + frame(b"\x80"),
}


@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH)
@pytest.mark.parametrize("lines", [(), ("/join tea", "hello")], ids=["silent", "talks"])
async def test_rubbish_from_a_server_is_told_in_a_line(chatting, rubbish, lines):
    async with impostor(rubbish) as (port, _):
        shown, problem = await chatting(port, *lines)
    assert problem.startswith("The server sent an invalid message: ")
    assert "\n" not in problem
    assert len(shown) == 1  # the greeting


@pytest.mark.parametrize(
    ("host", "port", "hint"),
    [
        ("127.0.0.1", 70000, False),
        ("127.0.0.1", -1, False),
        ("127.0.0.1", 10**20, False),
        ("a..b", 9011, False),
        ("a" * 70, 9011, False),
        ("\udce4", 9011, False),
    ],
    ids=str,
)
async def test_a_wrong_host_or_port_is_told_in_a_line(host, port, hint):
    with pytest.raises(client01.Problem) as problem:
        await client01.main("alice", host, port)
    assert str(problem.value).startswith(f"No server at {host}:{port} (")
    assert "\n" not in str(problem.value)
    assert ("start one with" in str(problem.value)) == hint


@pytest.mark.parametrize(
    ("name", "code"), [("bob", "name_taken"), ("", "bad_name"), ("\0", "bad_name")]
)
async def test_a_name_that_is_not_to_be_had_is_told(chatting, name, code):
    async with room("08") as (port, bob):
        shown, problem = await chatting(port, "/join tea", "hello", name=name)
        assert shown[1].startswith(f"The server refuses: {code} (")
        assert problem.startswith("Without a name you cannot send anything.")
        assert [message["from"] for message in bob.heard] == ["bob"]


async def test_a_line_that_is_refused_is_told_and_the_others_are_said(chatting):
    async with room("08") as (port, bob):
        lines = ("/join tea", "x" * 40_000, "/join " + "r" * 65, "/join tea", "hello")
        shown, problem = await chatting(port, *lines)
        assert (await bob.hear("chat"))["message"] == "hello"
        codes = [line.split()[3] for line in shown if line.startswith("The server")]
        assert codes == ["bad_text", "bad_room"]
        assert problem == "Refused lines: 2."


async def test_a_line_that_no_frame_can_carry_is_told_and_the_others_are_said(chatting):
    async with room() as (port, bob):
        shown, problem = await chatting(port, "/join tea", "x" * 17_000_000, "hello")
        assert (await bob.hear("chat"))["message"] == "hello"
        assert "This line is too long, and was not said." in shown
        assert problem == "Refused lines: 1."


async def test_a_goodbye_is_shown(chatting):
    async with impostor({"action": "bye", "reason": "on\npurpose"}) as (port, _):
        shown, problem = await chatting(port)
    assert r"The server says goodbye: on\npurpose" in shown
    assert problem == ""


@pytest.mark.parametrize("strange", [["x"], {}, None, 1.5], ids=str)
async def test_fields_of_any_kind_are_shown(chatting, strange):
    chat = {"action": "chat", "room": strange, "message": strange, "from": strange}
    join = {"action": "joinroom", "room": strange, "from": strange}
    error = {"action": "error", "code": strange, "detail": strange}
    bye = {"action": "bye", "reason": strange}
    everything = (chat, join, {**join, "action": "leaveroom"}, error, bye)
    async with impostor(*everything) as (port, _):
        shown, problem = await chatting(port)
    assert len(shown) >= 6
    assert problem == "Refused lines: 1."


@pytest.mark.parametrize(
    "keyboard",
    [
        Keyboard(OSError("on purpose")),
        Keyboard(RuntimeError("on purpose")),
        Keyboard(UnicodeError("on purpose")),
        object(),
    ],
    ids=["fails", "fails as in a notebook", "another encoding", "no input at all"],
)
async def test_whatever_the_input_is_it_ends_with_a_line(chatting, keyboard):
    async with room() as (port, _):
        shown, problem = await chatting(port, keyboard=keyboard)
    assert problem.startswith("The input cannot be read: ")
    assert len(shown) == 1  # the greeting


async def test_a_server_that_goes_in_the_middle_of_a_file_is_told(chatting):
    async def client_connected(reader, writer):
        await reader.readuntil(b'"5"')
        writer.close()

    lines = ("/join tea", *map(str, range(1000)))
    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        shown, problem = await chatting(port, *lines)
    assert shown[-1] == "The server has hung up."
    assert re.search(r"Of \d+ lines, the last \d+ may not have arrived", problem)
    assert "Later lines were not sent." in problem


async def test_no_more_is_read_than_can_be_sent(chatting, monkeypatch):
    monkeypatch.setattr(pace, "TICK", 0.01)
    keyboard = Keyboard("/join tea", *itertools.repeat("y", 100_000))

    async def client_connected(reader, writer):
        writer.write(encode({"action": "ping"}))
        with contextlib.suppress(ConnectionError):
            await over.wait()
        writer.close()

    over = asyncio.Event()
    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        shown, problem = await chatting(port, keyboard=keyboard)
        over.set()
    assert shown[-1] == "The server gives no sign of life."
    told = f"Of {pace.WINDOW} lines, the last {pace.WINDOW} may not have arrived."
    assert problem == f"{told} Later lines were not sent."
    assert keyboard.taken <= pace.WINDOW + 3


# What only a process can show.


@pytest.mark.skipif(sys.platform == "win32", reason="written for a shell")
@pytest.mark.parametrize(
    ("redirected", "line"),
    [
        ("<&-", "The input cannot be read: there is no standard input."),
        ("0>nothing", "The input cannot be read: [Errno 9] Bad file descriptor."),
        (">&-", "Cannot print: there is no standard output."),
        pytest.param(
            ">/dev/full",
            "Cannot print: [Errno 28] No space left on device.",
            marks=pytest.mark.skipif(NO_FULL_DISK, reason="there is no full disk"),
        ),
    ],
)
async def test_without_an_input_or_an_output_it_ends_with_a_line(
    redirected, line, tmp_path
):
    shell = {"before": ("sh", "-c", f'exec "$@" {redirected}', "sh")}
    shell["folder"] = tmp_path  # for what the shell may write
    async with room() as (port, _), await Typist.at(port, **shell) as alice:
        assert await alice.ends() == (1, line)


@pytest.mark.skipif(sys.platform == "win32", reason="cannot send Ctrl-C there")
async def test_ctrl_c_in_the_middle_of_a_file_tells_what_may_be_lost(tmp_path):
    typed = tmp_path / "typed"
    typed.write_text("/join tea\n" + "hello\n" * 1000, encoding="utf-8")
    slow = {"RATE": "5.0", "BURST": "2.0"}
    async with room("12", slow) as (port, bob):
        with typed.open() as stdin:
            async with await Typist.at(port, stdin=stdin) as alice:
                await bob.hear("chat")
                assert await alice.interrupt(PATIENT) == 1
                (line,) = complaints(alice.errors).splitlines()
    assert "may not have arrived" in line
