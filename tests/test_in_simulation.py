"""What the simulation judges: what it has; and it finds all that TCP would find."""

import gc
import warnings

import pytest
from variants import CHAT, IMPORT, SERVER

from lab import behaviours
from lab.behaviours.bench import expect_message, expect_success
from lab.behaviours.framing_bench import Framing
from lab.check.networks import judged_on_networks
from lab.check.simulated import Simulated
from lab.mistakes.twins import twins
from lab.unmet import Unmet

START = "    server = await asyncio.start_server(client_connected, host, port)\n"
PRINT = '            print(f"Listening on {host}:{port}", flush=True)\n'
FIRST = '        print("New client connected!", flush=True)\n'
RELAY = '"message": text, "from": self.name}\n'
NOTICE = '"room": message["room"], "from": self.name}\n'
REACHES, JOIN = "chat_reaches_everyone_else", "the_room_hears_a_join"
CTRL_C = "ctrl_c_ends_it_when_nobody_is_connected"

# What a right server may ask for, and what is not judged because of that.
LACKS = {
    "sock=": [
        (
            START,
            "    sock = socket.create_server((host, port))\n"
            "    server = await asyncio.start_server(client_connected, sock=sock)\n",
        )
    ],
    "sock_accept": [
        (
            START,
            "    listening = socket.create_server((host, port))\n"
            "    listening.setblocking(False)\n"
            '    print("Listening on %s:%s" % listening.getsockname())\n'
            "    with listening:\n"
            "        await asyncio.get_running_loop().sock_accept(listening)\n" + START,
        )
    ],
    "subprocesses": [
        (CHAT, CHAT + '        await asyncio.create_subprocess_exec("true")\n')
    ],
    "threads of the program's own": [
        (
            START,
            "    threading.Thread(target=EVENT.wait, daemon=True).start()\n" + START,
        ),
        (FIRST, "        writer.close()\n" + FIRST),
        ("ROOMS: ", "EVENT = threading.Event()\nROOMS: "),
    ],
    "add_reader": [
        (CHAT, CHAT + "        asyncio.get_running_loop().add_reader(0, print)\n")
    ],
    "TLS": [(CHAT, CHAT + "        await self.writer.start_tls(None)\n")],
    "computer 'example.com'": [
        (CHAT, CHAT + '        await asyncio.open_connection("example.com", 80)\n')
    ],
    "dup() of a socket": [
        (CHAT, CHAT + '        self.writer.get_extra_info("socket").dup()\n')
    ],
}
HAS = {
    "getsockopt": [
        (
            FIRST,
            FIRST + '        sock = writer.get_extra_info("socket")\n'
            "        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)\n"
            "        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n"
            "        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)\n"
            "        assert sock.gettimeout() == 0\n",
        )
    ],
    "other words": [(PRINT, PRINT.replace("Listening", "Chat server is up"))],
    "no words": [(PRINT, "")],
    "two ports": [
        (
            START,
            "    admin = await asyncio.start_server(print, host, 0)\n"
            '    print("Listening on %s:%s" % admin.sockets[0].getsockname())\n'
            + START,
        )
    ],
    "several hosts": [(START, START.replace("host,", '[host, "127.0.0.2", "::1"],'))],
    "four names": [
        (START, START.replace("host,", '"::1",')),
        (
            FIRST,
            FIRST + '        assert len(writer.get_extra_info("peername")) == 4\n',
        ),
    ],
    "a file that is missing": [
        (
            FIRST,
            FIRST
            + "        try:\n            await asyncio.create_subprocess_exec('no')\n"
            "        except NotImplementedError:\n            pass\n",
        )
    ],
    "more fields": [
        (RELAY, RELAY.replace("}", ', "at": 12, "id": 1}')),
        (NOTICE, NOTICE.replace("}", ', "at": 12}')),
    ],
    "another order of the fields": [
        (RELAY, RELAY.replace('"from"', '"at": [1], "from"'))
    ],
    "a line that is logged": [
        ("async def main", "logging.basicConfig(level=10)\n\n\nasync def main"),
        (START, '    logging.warning("serving")\n' + START),
    ],
}
WRONG = {
    "no name in it": (REACHES, [(RELAY, '"message": text}\n')]),
    "a wrong name in it": (REACHES, [(RELAY, RELAY.replace("self.name", '"x"'))]),
    "no name of who joins": (
        JOIN,
        [(NOTICE, NOTICE.replace(', "from": self.name', ""))],
    ),
    "a traceback": (
        CTRL_C,
        [(START, START + "    asyncio.get_running_loop().call_soon(int, 'x')\n")],
    ),
    "a status": (CTRL_C, [("        pass  # asyncio.run", "        sys.exit(3)  #")]),
    "a mistake, and words of its own": (
        REACHES,
        [(PRINT, ""), (RELAY, RELAY.replace("text", "text.upper()"))],
    ),
}


@pytest.fixture
def verdict(tmp_path):
    """Return what gives the result of server05 with edits, put to a behaviour."""

    def judged(edits, behaviour):
        source = SERVER.read_text()
        extra = "import logging\nimport socket\nimport sys\nimport threading\n"
        for old, new in [(IMPORT, IMPORT + extra), *edits]:
            assert old in source
            source = source.replace(old, new)
        path = tmp_path / "mine.py"
        path.write_text(source)
        return judged_on_networks(Simulated(path), behaviours.find(behaviour))

    return judged


# Some leave open what could not be used.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("what", LACKS)
def test_what_the_simulation_has_not_is_not_judged(what, verdict):
    result = verdict(LACKS[what], REACHES)
    assert result.verdict == "not judged"
    assert result.got == f"the simulation has no {what}"
    gc.collect()


def test_a_loop_of_another_kind_is_not_judged(verdict):
    runner = "asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)"
    guard = f"with {runner} as runner:\n            runner.run(main())"
    result = verdict([("asyncio.run(main())", guard)], CTRL_C)
    assert result.verdict == "not judged"
    assert result.got == "the simulation has no loop of another kind"


def test_ctrl_c_may_end_it_as_python_does(verdict):
    guard = "    except KeyboardInterrupt:\n        pass"
    result = verdict([(guard, "    except ZeroDivisionError:\n        pass")], CTRL_C)
    assert (result.verdict, result.got) == ("kept", "")


@pytest.mark.parametrize("what", HAS)
def test_what_is_right_is_kept(what, verdict):
    for behaviour in (REACHES, JOIN, "the_room_hears_a_leave", CTRL_C):
        result = verdict(HAS[what], behaviour)
        assert (result.verdict, result.got) == ("kept", ""), behaviour


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_broken(what, verdict):
    behaviour, edits = WRONG[what]
    assert verdict(edits, behaviour).verdict == "broken"


@pytest.mark.parametrize(
    "line",
    [
        "INFO:root:serving",
        "WARNING:root:nobody in the room",
        "2026-01-01 12:00:00 serving exceptions in tea",
        "WARNING:asyncio:Executing <Task pending> took 0.101 seconds",
        "DeprecationWarning: this is an old function",
    ],
)
def test_a_line_of_the_programs_own_is_no_error(line):
    expect_success((0, line))


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (1, ""),
        (-2, ""),
        (0, "Traceback (most recent call last):\n  File ..."),
        (0, "ERROR:asyncio:Task exception was never retrieved"),
        (0, "Task was destroyed but it is pending!"),
        (0, "mine.py:3: RuntimeWarning: coroutine 'send' was never awaited"),
        (0, "Exception ignored in: <function ...>"),
        (0, "Exception in callback print()"),
        (0, "ResourceWarning: unclosed transport <...>"),
        (0, "WARNING:asyncio:socket.send() raised exception."),
        (0, "socket.accept() out of system resource"),
    ],
)
def test_what_python_says_of_an_error_is_one(status, line):
    with pytest.raises(Unmet):
        expect_success((status, line))


def test_a_message_may_have_more_fields_and_no_fewer():
    expect_message({"action": "chat", "at": 1}, {"action": "chat"}, "what bob hears")
    for other in ({"at": 1}, {"action": "leave"}, {}):
        with pytest.raises(Unmet, match="action"):
            expect_message(other, {"action": "chat"}, "what bob hears")


class OfATwin(Simulated):
    """A twin in the simulation; one of a utils file has a framing only."""

    def __init__(self, twin):
        self.step = twin.step
        if twin.of.kind != "utils":
            super().__init__(twin.step.path)

    def framing(self):
        return Framing.of(self.step, timeout=1.0)


# The others are put to the same network as in test_broken_twins.py.
@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(
            t,
            id=t.name,
            marks=() if behaviours.find(t.breaks).needs == "exit" else pytest.mark.long,
        )
        for t in twins()
    ],
)
def test_the_checker_finds_each_twin_in_the_simulation(twin):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        result = judged_on_networks(OfATwin(twin), behaviours.find(twin.breaks))
        gc.collect()
    assert result.verdict == "broken"
