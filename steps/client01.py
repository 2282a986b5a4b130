"""The client types and listens at once.

New: a TaskGroup with a task for each of the two, and a thread that reads the terminal.
Still wrong: messages that arrive are printed into the line that you are typing.
"""

import argparse
import asyncio
import os
import socket
import sys
from typing import Any

from pace import Pace
from terminal import Problem, Typed, show, visible

HELP = "/join ROOM, /leave, /quit; anything else is said in the room."
MOMENT = 0.1  # seconds until the next line of a file is there, if there is one
NAMELESS = ("name_taken", "bad_name", "not_connected")  # codes: we have no name


async def main(
    username: str,
    host: str = "127.0.0.1",
    port: int = 9011,
    problems: list[str] | None = None,
) -> None:
    """Chat until the input ends or the server goes away; Problem without a server.

    Adds to ``problems`` what went wrong, and which lines may not have arrived.
    """
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except (OSError, OverflowError, UnicodeError) as error:
        wrong = isinstance(error, OverflowError | UnicodeError | socket.gaierror)
        hint = "" if wrong else "; start one with: python steps/server05.py"
        raise Problem(f"No server at {host}:{port} ({error}){hint}") from error
    problems = [] if problems is None else problems
    pace, typed = Pace(reader, writer), Typed()
    try:
        await talk(pace, typed, username)
    except* Problem as several:
        problems += map(str, several.exceptions)
    finally:
        writer.close()
        problems += pace.losses()
        if not (pace.finished or (pace.idle and typed.lines.empty())):
            problems.append("Later lines were not sent.")


async def talk(pace: Pace, typed: Typed, username: str) -> None:
    """Listen and speak at the same time, until the server disconnects or seems dead."""
    async with asyncio.TaskGroup() as tasks:
        await pace.send({"action": "connect", "username": username})
        show(f"You are {username}. {HELP}")
        listening = tasks.create_task(listen(pace))
        watching = tasks.create_task(pace.watch())
        speaking = tasks.create_task(speak(pace, typed))
        # Not for the last one: after your last line, messages from other people
        # still arrive, until the server has read the end of our stream and closes.
        ends = {listening, watching}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if listening.done() and not pace.finished:
            show("The server has hung up.")
            # The next line of a file is there immediately: it counts as typed.
            await asyncio.wait({speaking}, timeout=MOMENT)
        elif not listening.done() and pace.losses():
            show("The server gives no sign of life.")
        for task in (listening, watching, speaking):
            task.cancel()
        # -- leaves the block when all tasks have ended --


async def listen(pace: Pace) -> None:
    """Show the server's messages, until it disconnects."""
    try:
        async for message in pace.hear():
            match message:
                case {"action": "chat", "room": room, "message": text, "from": name}:
                    show(f"[{room}] {name}: {text}")
                case {"action": "joinroom", "room": room, "from": name}:
                    show(f"[{room}] {name} has joined")
                case {"action": "leaveroom", "room": room, "from": name}:
                    show(f"[{room}] {name} has left")
                case {"action": "ping"}:
                    await pace.send({"action": "pong"})
                case {"action": "bye"}:
                    show(f"The server says goodbye: {message.get('reason')}")
                case {"action": "error", "code": code}:
                    show(f"The server refuses: {code} ({message.get('detail')})")
                    if code in NAMELESS:
                        raise Problem("Without a name you cannot send anything.")
                # Anything else comes from a newer server than this client knows.
    except (EOFError, RecursionError, ValueError) as error:
        raise Problem(f"The server sent an invalid message: {error}.") from error


async def speak(pace: Pace, typed: Typed) -> None:
    """Send typed lines until there are no more; then end our stream."""
    room = ""
    while (line := await next_line(pace, typed)) is not None:
        match line.split(maxsplit=1):
            case []:
                pass
            case ["/quit", *_]:
                break
            case ["/join", name]:
                room = name.strip()
                await say(pace, {"action": "joinroom", "room": room})
            case ["/leave"] if room:
                await say(pace, {"action": "leaveroom", "room": room})
                room = ""
            case [word, *_] if word.startswith("/") or not room:
                show(f"Join a room before you speak: {HELP}" if not room else HELP)
            case _:
                await say(pace, {"action": "chat", "room": room, "message": line})
    await pace.finish()


async def next_line(pace: Pace, typed: Typed) -> str | None:
    """Return the next typed line, or None at the end."""
    pace.idle = True
    line = await typed.next_line()
    pace.idle = False
    return line


async def say(pace: Pace, message: dict[str, Any]) -> None:
    """Send a line, unless it is too long."""
    try:
        await pace.say(message)
    except OverflowError:
        show("This line is too long, and was not said.")
        pace.refused += 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Chat from the terminal.", epilog=HELP)
    parser.add_argument("username", nargs="?", default=f"guest-{os.getpid()}")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9011)
    options = parser.parse_args()
    problems: list[str] = []
    try:
        asyncio.run(main(options.username, options.host, options.port, problems))
    except KeyboardInterrupt:
        pass  # asyncio.run cancelled main and waited for it: nothing is left to do
    except Problem as problem:
        problems.append(str(problem))
    # Python would report output that could not be printed as an error now.
    sys.stdout = None
    sys.exit(visible(" ".join(problems)) or 0)
