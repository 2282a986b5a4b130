"""The client attends to the terminal and to the network at once.

New: a TaskGroup with a task for each of the two, and a thread that reads the terminal.
Still wrong: what arrives is printed into the line that is being typed.
"""

import argparse
import asyncio
import os
import sys
import threading
from asyncio import Queue, StreamReader, StreamWriter
from typing import Any

from utils01 import new_messages, send_message

HELP = "/join ROOM, /leave, /quit; anything else is said in the room."
GOODBYE = 5.0  # seconds that the server has for hanging up once we have finished


async def main(username: str, host: str = "127.0.0.1", port: int = 9011) -> None:
    """Chat until the input ends or the server goes away; OSError if there is none."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        await send(writer, {"action": "connect", "username": username})
        show(f"You are {username}. {HELP}")
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(listen(reader, writer))
            speaking = tasks.create_task(speak(writer, typed_lines()))
            both = {listening, speaking}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if speaking.done():
                # Everything has been said. What the others say still arrives, until
                # the server has read our end of the stream and hangs up.
                await asyncio.wait({listening}, timeout=GOODBYE)
            else:
                show("The server has hung up.")
            listening.cancel()
            speaking.cancel()
            # -- leaves the block when both have ended --
    finally:
        writer.close()


async def listen(reader: StreamReader, writer: StreamWriter) -> None:
    """Show what the server sends, until it hangs up."""
    async for message in new_messages(reader):
        match message:
            case {"action": "chat", "room": room, "message": text, "from": name}:
                show(f"[{room}] {name}: {text}")
            case {"action": "joinroom", "room": room, "from": name}:
                show(f"[{room}] {name} has joined")
            case {"action": "leaveroom", "room": room, "from": name}:
                show(f"[{room}] {name} has left")
            case {"action": "ping"}:
                await send(writer, {"action": "pong"})
            # Whatever else there is comes from a server that can do more than we can.


async def speak(writer: StreamWriter, lines: Queue[str | None]) -> None:
    """Send what is typed, until there is no more; then say that this was all."""
    room = None
    while (line := await lines.get()) is not None:
        match line.split(maxsplit=1):
            case []:
                pass
            case ["/quit", *_]:
                break
            case ["/join", name]:
                room = name.strip()
                await send(writer, {"action": "joinroom", "room": room})
            case ["/leave"] if room:
                await send(writer, {"action": "leaveroom", "room": room})
                room = None
            case [word, *_] if word.startswith("/") or not room:
                show(f"Join a room before you speak: {HELP}" if not room else HELP)
            case _:
                text = line.rstrip("\n")
                await send(writer, {"action": "chat", "room": room, "message": text})
    if not writer.is_closing():
        writer.write_eof()


async def send(writer: StreamWriter, message: dict[str, Any]) -> None:
    """Send a message, unless the server has gone."""
    try:
        await send_message(writer, message)
    except OSError:
        pass  # the task that listens sees it too, and ends the client
    except RuntimeError:
        pass  # we have said that this was all, and then a ping came


def typed_lines() -> Queue[str | None]:
    """Return a queue with the lines that are typed, and None at the end of the input.

    Reading a terminal blocks, so a thread does it. It is a daemon: a process does not
    wait for it, and so ends at once although the thread still waits for a line.
    """
    lines: Queue[str | None] = Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        # A file object of our own: at its end the interpreter wants to close
        # sys.stdin, and must not have to wait for us.
        number, encoding = sys.stdin.fileno(), sys.stdin.encoding
        with open(number, encoding=encoding, errors="replace", closefd=False) as typed:
            try:
                for line in typed:
                    # A queue belongs to its loop. This is how another thread asks.
                    loop.call_soon_threadsafe(lines.put_nowait, line)
                loop.call_soon_threadsafe(lines.put_nowait, None)
            except RuntimeError:
                pass  # the loop has closed: nobody waits for a line any more

    threading.Thread(target=read, daemon=True).start()
    return lines


def show(text: str) -> None:
    """Print a line. What could command the terminal is shown, and not obeyed."""
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    # Not every terminal has every letter, and none that it lacks may end the client.
    known = sys.stdout.encoding
    print(safe.encode(known, "backslashreplace").decode(known), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Chat from the terminal.", epilog=HELP)
    parser.add_argument("username", nargs="?", default=f"guest-{os.getpid()}")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9011)
    options = parser.parse_args()
    try:
        asyncio.run(main(options.username, options.host, options.port))
    except KeyboardInterrupt:
        pass  # asyncio.run has cancelled main and waited for it: all is done
    except OSError as error:
        start = "start one with: python steps/server05.py"
        sys.exit(f"No server at {options.host}:{options.port} ({error}); {start}")
