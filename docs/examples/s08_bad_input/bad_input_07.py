"""Mallory sends input that our client never would, each time to a new server."""

import asyncio
import gc
import sys

from lab import Client, simulation, start
from lab.unmet import Unmet
from lab.wire import encode, frame

CHAT = {"action": "chat", "room": "tea"}
HELLO = {**CHAT, "message": "hello"}

CASES = {
    "not UTF-8": frame(b"\xff\xfe\xfd"),
    "not JSON": frame(b"hello"),
    "not an object": frame(b"[]"),
    "30,000 nested lists": frame(b"[" * 30_000 + b"]" * 30_000),
    "a number of 5,000 digits": frame(b'{"action": %s}' % (b"9" * 5000)),
    "an unknown action": encode({"action": "dance"}),
    "a list as the action": encode({"action": ["chat"]}),
    "a chat without a room": encode({"action": "chat", "message": "hello"}),
    "a list as the room": encode({**HELLO, "room": ["tea"]}),
    "a list as the text": encode({**CHAT, "message": ["hello"]}),
    "NaN as the text": encode({**CHAT, "message": float("nan")}),
    "half a character": encode({**CHAT, "message": "\ud83d"}),
    "a second name": encode({"action": "connect", "username": "alice"}),
    "a message to another room": encode({**HELLO, "room": "milk"}),
    "2 MB of text, and hello": encode({**CHAT, "message": "x" * 2_000_000})
    + encode(HELLO),
}
if sys.platform == "emscripten":
    del CASES["30,000 nested lists"]  # in a browser, the end of Python itself

HEAD = f"{'Mallory sends':29}{'the answer':20}{'her connection':27}Bob receives"


async def play(step: str, sent: bytes) -> str:
    """Send it; return the answer, what becomes of her connection, and what Bob gets."""
    async with await start(step) as server:
        alice, bob, mallory = [
            await server.connect(name) for name in ("alice", "bob", "mallory")
        ]
        for client in (alice, bob, mallory):
            await client.join("tea")
        await bob.hear("joinroom")
        for client in (bob, mallory):
            client.heard.clear()
        try:
            await mallory.connection.send(sent)
        except Unmet:
            pass  # the server disconnects her before all of it is sent
        await asyncio.sleep(60)
        ended = await has_ended(mallory)
        gc.collect()  # asyncio in 3.11.2 reports a failed task only then
        error = server.errors.lines[-1].split(":")[0] if server.errors.lines else ""
        why = f"ended, {error or 'in order'}" if ended else "goes on"
        told = [str(m.get("code")) for m in mallory.heard if m["action"] == "error"]
        others = "(is disconnected)" if await has_ended(bob) else heard_by(bob)
        return f"{', '.join(told) or 'nothing':20}{why:27}{others}"


async def has_ended(client: Client) -> bool:
    """Whether the server has closed the connection of a client."""
    client.timeout = 1
    try:
        await client.hear_the_end()
    except Unmet:
        return False
    return True


def heard_by(client: Client) -> str:
    """Return in a few words what a client received."""
    words = {"leaveroom": "she left", "joinroom": "someone joined"}
    heard = [
        words.get(m["action"]) or f"{m.get('message')!r:.12}" for m in client.heard
    ]
    return ", ".join(heard) or "nothing"


def show(step: str) -> None:
    """Print a line for each case."""
    print(HEAD)
    for case, sent in CASES.items():
        print(f"{case:29}{simulation.run(play(step, sent))}")


if __name__ == "__main__":
    show("07")
