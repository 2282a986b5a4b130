"""The first client, as people use it: a process, a terminal, a server."""

import asyncio
import contextlib
import os
import socket
import sys
import threading
from asyncio.subprocess import PIPE

import client01
import pytest
from strict import STRICT, complaints

from lab import story
from lab.host import Process, start, start_process
from lab.story import ROOT
from lab.wire import Decoder, encode

PATIENT = 30.0  # seconds for what has to happen: a busy machine is no failure

FROM_03_ON = [s for s in story.steps() if s.kind == "server" and s.number >= "03"]

TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) != 0)"


class Typist(Process):
    """Somebody at a terminal, in which client01 has been started."""

    @classmethod
    async def at(cls, port, name="alice", stdin=PIPE, before=(), **environment):
        """Start the client, with a warning being an error that it dies of."""
        client = [*STRICT, str(ROOT / "steps" / "client01.py"), name, f"--port={port}"]
        process = await asyncio.create_subprocess_exec(
            *before,
            *client,
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
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
async def room():
    """Start step 05 with bob in the room, who hears what the typist says."""
    async with await start("05") as server:
        bob = await server.connect("bob", PATIENT)
        await bob.join("tea")
        yield server.address[1], bob


@contextlib.asynccontextmanager
async def impostor(*messages):
    """Start a server that sends these and then hangs up; yield port and what came."""
    came = asyncio.get_running_loop().create_future()

    async def client_connected(reader, writer):
        for message in messages:
            writer.write(encode(message))
        writer.write_eof()
        decoder = Decoder()
        came.set_result(list(decoder.feed(await reader.read())))
        writer.close()

    async with await asyncio.start_server(client_connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], came


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


async def test_the_end_of_a_pipe_ends_it_with_everything_said():
    async with room() as (port, bob), await Typist.at(port) as alice:
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


@pytest.mark.parametrize(
    "unknown",
    [{"action": "dance"}, {}, {"action": "chat"}, {"action": ["chat"]}, [], 1, None],
    ids=str,
)
async def test_what_it_does_not_know_is_passed_over(unknown):
    known = {"action": "chat", "room": "tea", "message": "hello", "from": "bob"}
    async with impostor(unknown, known) as (port, _), await Typist.at(port) as alice:
        await alice.sees("[tea] bob: hello")
        assert await alice.ends() == (0, "")
        assert len(alice.transcript.lines) == 3  # the greeting, bob, the end


async def test_what_commands_a_terminal_is_shown_and_not_obeyed():
    async with room() as (port, bob), await Typist.at(port) as alice:
        await alice.types("/join tea")
        await alice.sees("alice has joined")
        await bob.say("tea", "\x1b[2J\r\b\x9b1m\u202e\ud800 gone?")
        await alice.sees(r"[tea] bob: \x1b[2J\r\x08\x9b1m\u202e\ud800 gone?")


async def test_a_line_typed_when_all_is_over_disturbs_nobody(monkeypatch):
    reading, writing = os.pipe()
    before = set(threading.enumerate())

    async def begin():
        client01.typed_lines()

    with os.fdopen(reading) as typed, os.fdopen(writing, "w") as keyboard:
        monkeypatch.setattr(sys, "stdin", typed)
        await asyncio.to_thread(asyncio.run, begin())
        (reader,) = (t for t in threading.enumerate() if t.daemon and t not in before)
        print("too late", file=keyboard, flush=True)
        reader.join(PATIENT)
        assert not reader.is_alive()


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
async def test_ctrl_c_in_a_real_terminal_ends_it():
    terminal = (sys.executable, "-c", TERMINAL)
    async with room() as (port, _), await Typist.at(port, before=terminal) as alice:
        await alice.sees("You are alice.")
        alice.process.stdin.write(b"\x03")
        assert await alice.ends() == (0, "")
        assert "Traceback" not in str(alice.transcript)
