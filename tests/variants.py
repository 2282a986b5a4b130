"""Variants of server05, right ones and wrong ones: each a few small edits.

The line that is wrong ends in ``# here``. What a file does before it serves, in threads
of an executor, or with what it owns, is right.
"""

from dataclasses import dataclass

from lab.story import STEPS

SERVER = STEPS / "server05.py"
IMPORT = "import asyncio\n"
CHAT = '        room, text = message["room"], message["message"]\n'
SEND = "            await send_to(ROOMS[room] - {self}, relay)\n"
HANDLE = "            await handler(message)\n"
TIDY = "    finally:\n        # Nothing else closes it"
CATCH = "        except OSError:\n            # This client"
LAST = "        await client.leave_all()\n        print("
CLASS = "class Client:\n"
TASK = "asyncio.create_task(send_to(ROOMS[room] - {self}, relay))"


@dataclass(frozen=True)
class Variant:
    """A server: ``kind`` of the mistake in its line; empty for a right one."""

    name: str
    kind: str
    edits: tuple[tuple[str, str], ...]

    @property
    def source(self) -> str:
        """What is in the file."""
        source = SERVER.read_text()
        for old, new in self.edits:
            assert old in source, f"{self.name}: {old!r}"
            source = source.replace(old, new, 1)
        return source

    @property
    def line(self) -> int:
        """The number of the line that is wrong; 0 for none."""
        numbered = enumerate(self.source.splitlines(), start=1)
        return next((number for number, line in numbered if "# here" in line), 0)


def _in(where: str, code: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the edits that put code, at the depth of ``where``, behind it."""
    depth = len(where) - len(where.lstrip())
    lines = [" " * depth + line + "\n" for line in code.splitlines()]
    return ((where, where + "".join(lines)), *more)


def _instead(
    where: str, code: str, *more: tuple[str, str]
) -> tuple[tuple[str, str], ...]:
    (_, new), *_ = _in(where, code)
    return ((where, new.removeprefix(where)), *more)


def _imports(*names: str) -> tuple[str, str]:
    return IMPORT, IMPORT + "".join(f"import {name}\n" for name in names)


def _calls(name: str, module: str, code: str) -> Variant:
    """Return one that blocks the loop whenever somebody talks."""
    return Variant(name, "blocks the loop", _in(CHAT, code, _imports(module)))


def _right(name: str, *edits: tuple[str, str]) -> Variant:
    return Variant(name, "", edits)


def _task(name: str, code: str, *more: tuple[str, str]) -> Variant:
    return Variant(name, "task that nothing keeps", _instead(SEND, code, *more))


BLOCKING = [
    _calls("sleep", "time", "time.sleep(0.4)  # here"),
    _calls("short_sleep", "time", "time.sleep(0.01)  # here"),
    _calls("subprocess", "subprocess", 'subprocess.run(["true"])  # here'),
    _calls("os_system", "os", 'os.system("true")  # here'),
    _calls("database", "sqlite3", 'sqlite3.connect(":memory:").close()  # here'),
    _calls("name", "socket", 'socket.gethostbyname("localhost")  # here'),
    _calls(
        "connection",
        "socket",
        "try:\n"
        '    socket.create_connection(("127.0.0.1", 1), timeout=1)  # here\n'
        "except OSError:\n"
        "    pass",
    ),
    _calls(
        "page",
        "urllib.request",
        "try:\n"
        '    urllib.request.urlopen("http://127.0.0.1:1/", timeout=1)  # here\n'
        "except OSError:\n"
        "    pass",
    ),
    _calls("lock", "threading", "threading.Event().wait(0.4)  # here"),
    _calls(
        "queue",
        "queue",
        "try:\n"
        "    queue.Queue().get(timeout=0.4)  # here\n"
        "except queue.Empty:\n"
        "    pass",
    ),
    _calls("select", "select", "select.select([], [], [], 0.4)  # here"),
    _calls(
        "future",
        "concurrent.futures, threading",
        "with concurrent.futures.ThreadPoolExecutor(1) as pool:\n"
        "    pool.submit(threading.Event().wait, 0.4).result()  # here",
    ),
    # Our own fifteen and more begin here, in each list.
    _calls(
        "socket",
        "contextlib, socket",
        "with contextlib.suppress(TimeoutError), socket.socket(type=2) as near:\n"
        "    near.bind(('127.0.0.1', 0))\n"
        "    near.settimeout(0.4)\n"
        "    near.recv(1)  # here",
    ),
    _calls(
        "join",
        "threading",
        "other = threading.Thread(target=threading.Event().wait, args=[0.4])\n"
        "other.start()\n"
        "other.join()  # here",
    ),
    Variant(
        "sleep_by_its_name",
        "blocks the loop",
        _in(CHAT, "sleep(0.05)  # here", (IMPORT, IMPORT + "from time import sleep\n")),
    ),
    Variant(
        "sleep_in_a_callback",
        "blocks the loop",
        _in(
            CHAT,
            "asyncio.get_running_loop().call_soon(pause)",
            (CLASS, "def pause():\n    time.sleep(0.05)  # here\n\n\n" + CLASS),
            _imports("time"),
        ),
    ),
    _calls("never_ends", "sys", "while text: pass  # here"),
    _calls(
        "catches_all",
        "threading",
        "while text:\n"
        "    try:\n"
        "        threading.Event().wait(0.3)  # here\n"
        "    except BaseException:\n"
        "        pass",
    ),
]
COMPUTING = [
    Variant(
        "computes",
        "computes for long",
        _in(CHAT, "sum(i * i for i in range(5_000_000))  # here"),
    ),
    Variant(
        "computes_a_little",
        "computes for long",
        _in(CHAT, "sum(i * i for i in range(300_000))  # here"),
    ),
]
TASKS = [
    _task("created", f"{TASK}  # here"),
    _task("ensured", TASK.replace("create_task", "ensure_future") + "  # here"),
    _task(
        "of_the_loop",
        TASK.replace(".create", ".get_running_loop().create") + "  # here",
    ),
    _task("local", f"task = {TASK}  # here"),
    _task("with_a_callback", f"task = {TASK}  # here\ntask.add_done_callback(print)"),
    _task(
        "by_a_helper",
        "spawn(send_to(ROOMS[room] - {self}, relay))",
        (
            CLASS,
            "def spawn(coro):\n    asyncio.create_task(coro)  # here\n\n\n" + CLASS,
        ),
    ),
    _task("overwritten", f"self.task = {TASK}  # here"),
    _task("with_a_name", TASK[:-1] + ', name="delivery")  # here'),
    _task(
        "in_a_list_that_goes",
        "tasks = [asyncio.create_task(m.send({})) for m in ROOMS[room]]  # here",
    ),
    _task(
        "weakly",
        f"TASKS.add({TASK})  # here",
        ("ROOMS: ", "TASKS = weakref.WeakSet()\nROOMS: "),
        _imports("weakref"),
    ),
]
GOES_ON, HIDES, BARE = (
    "goes on when cancelled",
    "hides that it was cancelled",
    "bare except",
)
SWALLOWING = [
    Variant(
        "passes_outside",
        HIDES,
        ((TIDY, "    except asyncio.CancelledError:  # here\n        pass\n" + TIDY),),
    ),
    Variant(
        "bare_outside", BARE, ((TIDY, "    except:  # here\n        pass\n" + TIDY),)
    ),
    Variant(
        "base_at_send",
        GOES_ON,
        (
            (
                CATCH,
                CATCH.replace(":", ":  # here", 1).replace("OSError", "BaseException"),
            ),
        ),
    ),
    Variant("bare_at_send", BARE, ((CATCH, CATCH.replace(" OSError:", ":  # here")),)),
    Variant(
        "in_the_loop",
        GOES_ON,
        _instead(
            HANDLE,
            "try:\n    await handler(message)\n"
            'except asyncio.CancelledError:  # here\n    print("no")',
        ),
    ),
    Variant(
        "suppresses",
        GOES_ON,
        _instead(
            HANDLE,
            "with contextlib.suppress(BaseException):  # here\n"
            "    await handler(message)",
            _imports("contextlib"),
        ),
    ),
    Variant(
        "returns_in_finally",
        HIDES,
        ((LAST, LAST.replace("print(", "return  # here\n        print(")),),
    ),
    Variant(
        "continues_in_finally",
        GOES_ON,
        _instead(
            HANDLE, "try:\n    await handler(message)\nfinally:\n    continue  # here"
        ),
    ),
    Variant(
        "in_a_tuple",
        GOES_ON,
        _instead(
            HANDLE,
            "try:\n    await handler(message)\n"
            "except (KeyError, asyncio.CancelledError):  # here\n    continue",
        ),
    ),
    Variant(
        "raises_only_others",
        GOES_ON,
        _instead(
            HANDLE,
            "try:\n    await handler(message)\n"
            "except BaseException as error:  # here\n"
            "    if not isinstance(error, asyncio.CancelledError):\n        raise",
        ),
    ),
]
AWAITS = [
    Variant(
        "sends",
        "never awaited",
        ((SEND, SEND.replace("await ", "").replace("\n", "  # here\n")),),
    ),
    Variant(
        "waits_closed",
        "never awaited",
        _in("        writer.close()\n", "writer.wait_closed()  # here"),
    ),
    Variant("sleeps", "never awaited", _in(CHAT, "asyncio.sleep(1)  # here")),
    Variant(
        "is_kept",
        "never awaited",
        _in(
            CHAT,
            "KEPT.append(asyncio.sleep(1))  # here",
            ("ROOMS: ", "KEPT = []\nROOMS: "),
        ),
    ),
    Variant("drains", "never awaited", _in(CHAT, "self.writer.drain()  # here")),
    Variant(
        "of_a_method",
        "never awaited",
        (("        await self.send(notice)\n", "        self.send(notice)  # here\n"),),
    ),
    Variant(
        "in_a_lambda",
        "never awaited",
        _in(
            CHAT,
            "asyncio.get_running_loop().call_soon(lambda: asyncio.sleep(1))  # here",
        ),
    ),
]
OWNED = "for member in ROOMS[room] - {self}:\n"
RIGHT = [
    _right("as_it_is", (IMPORT, IMPORT)),
    _right(
        "to_thread",
        *_in(SEND, "await asyncio.to_thread(time.sleep, 0.01)", _imports("time")),
    ),
    _right(
        "work_in_an_executor",
        *_in(
            SEND,
            "await asyncio.get_running_loop().run_in_executor(None, work)",
            (
                CLASS,
                "PAUSES = [0.15]\n\n\n"
                "def work():\n"
                "    if PAUSES:\n"
                "        threading.Event().wait(PAUSES.pop())\n"
                "    sqlite3.connect(':memory:')\n\n\n" + CLASS,
            ),
            _imports("sqlite3", "threading"),
        ),
    ),
    _right("sleep_at_import", (IMPORT, IMPORT + "import time\n\ntime.sleep(0.01)\n")),
    _right(
        "sleep_before_it_listens",
        _imports("sqlite3", "time"),
        (
            "    server = await",
            "    time.sleep(0.1)\n"
            "    sqlite3.connect(':memory:').close()\n"
            "    server = await",
        ),
    ),
    _right("reads_a_file", *_in(SEND, 'open("/dev/null").read()')),
    _right("computes_a_moment", *_in(SEND, "sum(range(1000))")),
    _right(
        "kept_in_a_set",
        *_instead(
            SEND,
            f"task = {TASK}\nTASKS.add(task)\ntask.add_done_callback(TASKS.discard)",
            ("ROOMS: ", "TASKS = set()\nROOMS: "),
        ),
    ),
    _right(
        "kept_in_a_dict",
        *_instead(
            SEND, f"TASKS[object()] = {TASK}", ("ROOMS: ", "TASKS = {}\nROOMS: ")
        ),
    ),
    _right(
        "gather",
        *_instead(
            SEND, "await asyncio.gather(*(m.send(relay) for m in ROOMS[room] - {self}))"
        ),
    ),
    _right(
        "group",
        *_instead(
            SEND,
            "async with asyncio.TaskGroup() as group:\n"
            f"    {OWNED}        group.create_task(member.send(relay))",
        ),
    ),
    _right("wait", *_instead(SEND, f"await asyncio.wait([{TASK}])")),
    _right(
        "wait_for",
        *_instead(
            SEND, "await asyncio.wait_for(send_to(ROOMS[room] - {self}, relay), 5)"
        ),
    ),
    _right(
        "shield",
        *_instead(SEND, "await asyncio.shield(send_to(ROOMS[room] - {self}, relay))"),
    ),
    _right("awaits_its_task", *_instead(SEND, f"await {TASK}")),
    _right(
        "awaits_it_later",
        *_instead(SEND, f"task = {TASK}\nawait asyncio.sleep(0)\nawait task"),
    ),
    _right(
        "as_completed",
        *_instead(SEND, f"for done in asyncio.as_completed([{TASK}]):\n    await done"),
    ),
    _right(
        "ticker_of_main",
        (
            "        await server.serve_forever()",
            "        ticker = asyncio.create_task(asyncio.sleep(3600))\n"
            "        await server.serve_forever()",
        ),
    ),
    _right(
        "cancels_and_awaits",
        (
            "    try:\n        print(",
            "    ticker = asyncio.create_task(asyncio.sleep(3600))\n"
            "    try:\n"
            "        print(",
        ),
        (
            "        writer.close()\n",
            "        ticker.cancel()\n"
            "        with contextlib.suppress(asyncio.CancelledError):\n"
            "            await ticker\n"
            "        writer.close()\n",
        ),
        _imports("contextlib"),
    ),
    _right(
        "raises_again",
        (
            TIDY,
            "    except BaseException as error:\n        print(error)\n        raise\n"
            + TIDY,
        ),
    ),
    _right(
        "raises_cancelled_again",
        (TIDY, "    except asyncio.CancelledError:\n        raise\n" + TIDY),
    ),
    _right(
        "bare_and_raises",
        (TIDY, "    except:\n        print('ends')\n        raise\n" + TIDY),
    ),
    _right(
        "catches_exceptions",
        (TIDY, "    except Exception:\n        print('fails')\n" + TIDY),
    ),
    _right(
        "bare_without_an_await",
        *_instead(
            HANDLE, 'try:\n    int("x")\nexcept:\n    pass\nawait handler(message)'
        ),
    ),
    _right(
        "has_a_deadline",
        *_instead(
            HANDLE,
            "try:\n    async with asyncio.timeout(5):\n        await handler(message)\n"
            "except TimeoutError:\n    return",
        ),
    ),
    _right("closes_its_coroutine", *_in(SEND, "asyncio.sleep(1).close()")),
    _right(
        "awaits_what_it_kept",
        *_in(
            SEND,
            "later = [asyncio.sleep(0) for _ in range(3)]\n"
            "for each in later:\n"
            "    await each",
        ),
    ),
    _right(
        "does_not_wait_to_connect",
        *_in(
            SEND,
            "with socket.socket() as other:\n    other.setblocking(False)\n"
            '    other.connect_ex(("127.0.0.1", 1))',
            _imports("socket"),
        ),
    ),
]
WRONG = [*BLOCKING, *COMPUTING, *TASKS, *SWALLOWING, *AWAITS]
