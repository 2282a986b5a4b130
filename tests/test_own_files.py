"""A learner's file, and what lies beside it: what Python would load is loaded."""

import codecs
import json
import os
import socket
import subprocess
import sys

import pytest
from staircase import PATIENT

from lab import behaviours, search, simulation, story
from lab.__main__ import main
from lab.behaviours.framing_bench import Framing
from lab.check import Command, PythonFile, judged
from lab.check.simulated import Simulated
from lab.host import StartsItself, imported, load, settings_of, start
from lab.story import ROOT, STEPS, NoServer, Step

JOINS = "joining_is_acknowledged"
WHOLE = "a_message_arrives_whole_however_it_is_cut"
SIZE = "a_message_is_sent_as_its_size_and_json"


@pytest.fixture(autouse=True)
def nothing_stays():
    """After each test, Python imports what it did before."""
    modules = {n: m for n, m in sys.modules.items() if n.startswith(("utils", "json"))}
    path, finders, argv = list(sys.path), list(sys.meta_path), sys.argv
    yield
    assert [p for p in sys.path if p not in (*path, str(STEPS))] == []
    assert (sys.meta_path, sys.argv) == (finders, argv)
    assert "helper" not in sys.modules
    assert {n: sys.modules[n] for n in modules} == modules


def text_of(name):
    return (STEPS / f"{name}.py").read_text("utf-8")


def written(folder, **texts):
    """Write these files into a folder, and return the first as a step."""
    for name, text in texts.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return Step(folder / f"{next(iter(texts))}.py")


def verdict_of(step, name):
    """Return how a file is judged in the simulation."""
    behaviour = behaviours.find(name)
    return simulation.run(judged(Simulated(step.path), behaviour)).verdict


# Modules of its own.

BIG_ENDIAN = text_of("utils01").replace('byteorder="little"', 'byteorder="big"')
assert BIG_ENDIAN.count('byteorder="big"') == 2


@pytest.fixture
def reversed_sizes(tmp_path):
    """Return step 05 beside a utils01 that writes sizes the other way round."""
    return written(tmp_path, mine=text_of("server05"), utils01=BIG_ENDIAN)


def test_an_own_utils_is_judged_in_the_simulation(reversed_sizes):
    assert verdict_of(reversed_sizes, JOINS) == "broken"
    assert verdict_of(reversed_sizes, SIZE) == "broken"


def test_an_own_utils_is_judged_as_a_process(reversed_sizes, capsys, monkeypatch):
    monkeypatch.setattr("lab.check.judging.REPLY", 0.2)
    words = ["check", "05", "--json", "--only", JOINS, str(reversed_sizes.path)]
    assert main(words) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["behaviours"][0]["verdict"] == "broken"
    assert "lab: judged with your utils01.py, which is beside it" in err.splitlines()


def test_an_own_utils_is_searched(reversed_sizes):
    like = story.find("05")
    assert search.search(reversed_sizes, range(3), like=like, smaller=False).found


async def test_an_own_utils_is_that_of_a_notebook(reversed_sizes):
    own = await start(reversed_sizes)
    ours = await start("05")
    module = imported(own.module, "utils01")
    assert module.__file__ == str(reversed_sizes.path.with_name("utils01.py"))
    assert imported(ours.module, "utils01") is sys.modules["utils01"]
    assert imported(ours.module, "utils01") is not module
    alice = await ours.connect("alice", PATIENT)
    await alice.join("tea")
    await own.stop()
    await ours.stop()


def test_an_own_utils02_is_also_that_of_our_utils03(tmp_path):
    mark = "WHOSE = 'mine'\n"
    step = written(
        tmp_path, mine=text_of("server10"), utils02=text_of("utils02") + mark
    )
    module = load(step)
    assert imported(module, "utils03").utils02.WHOSE == "mine"
    assert not hasattr(load(story.find("utils03")).utils02, "WHOSE")
    framing = Framing.of(step, timeout=PATIENT)
    assert framing.module.WHOSE == "mine"


def test_own_copies_of_all_modules_keep_what_ours_keep(tmp_path):
    names = ("utils01", "utils02", "utils03", "utils04", "utils05", "characters")
    texts = {name: text_of(name) for name in names}
    step = written(tmp_path, mine=text_of("server13"), **texts)
    since = [b for b in behaviours.every() if b.since == "server13"]
    for name in (*(b.name for b in since), "printed_names_are_escaped"):
        assert verdict_of(step, name) == "kept"


async def test_what_an_own_module_prints_is_kept(tmp_path):
    handler = (
        "async def attend(reader, writer):\n    print('called')\n    writer.close()\n"
    )
    step = written(
        tmp_path, mine=SERVES.format(imports="import helper"), helper=handler
    )
    async with await start(step) as first, await start(step) as second:
        await (await first.call()).close()
        await first.prints("called", PATIENT)
        assert second.transcript.lines == second.transcript.lines[:1]


SERVES = """
import asyncio
{imports}

async def main(host="127.0.0.1", port=9011):
    server = await asyncio.start_server(helper.attend, host, port)
    print("Listening on %s:%s" % server.sockets[0].getsockname()[:2], flush=True)
    await server.serve_forever()
"""


# Where an import may stand, and what it may name.

HELPS = "from utils01 import new_messages, send_message\nSTATE = []\n"
IMPORTS = {
    "import helper": {"helper": "X = 1"},
    "from helper import *": {"helper": "X = 1"},
    "import helper.inner as helper": {"helper/__init__": "", "helper/inner": "X = 1"},
    "from helper import X": {
        "helper/__init__": "from .inner import X",
        "helper/inner": "X = 1",
    },
    "from helper.inner import X": {"helper/inner": "X = 1"},  # a namespace
    "import helper  # and that another": {
        "helper": "import other\nX = other.X",
        "other": "X = 1",
    },
    "import helper  # which imports it": {"helper": "X = 1\nimport mine"},
    "import importlib; helper = importlib.import_module('helper')": {
        "helper": "X = 1",
    },
}


@pytest.mark.parametrize("statement", IMPORTS)
def test_what_lies_beside_a_file_is_imported(statement, tmp_path):
    text = f"{statement}\nFOUND = globals().get('X') or helper.X\n"
    step = written(tmp_path, mine=text, **IMPORTS[statement])
    assert load(step).FOUND == 1


@pytest.mark.parametrize("statement", list(IMPORTS)[:-1])
def test_an_import_within_a_function_finds_the_same(statement, tmp_path):
    if "*" in statement:
        statement = "from helper import X"
    text = f"def look():\n    {statement}\n    return locals().get('X') or helper.X\n"
    step = written(tmp_path, mine=text, **IMPORTS.get(statement, {"helper": "X = 1"}))
    assert load(step).look() == 1


def test_an_import_within_a_function_of_a_helper_finds_its_neighbour(tmp_path):
    helper = "def look():\n    from other import X\n    import utils01\n    return X\n"
    step = written(tmp_path, mine="import helper", helper=helper, other="X = 1")
    assert load(step).helper.look() == 1


def test_two_folders_have_a_helper_each(tmp_path):
    modules = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        text = "def look():\n    import helper\n    return helper.X\n"
        step = written(tmp_path / name, mine=text, helper=f"X = {name!r}")
        modules.append(load(step))
    for _ in range(2):
        assert [module.look() for module in modules] == ["one", "two"]


def test_each_load_has_modules_of_its_own(tmp_path):
    step = written(tmp_path, mine="import helper", helper="STATE = []")
    first, second = load(step), load(step)
    first.helper.STATE.append(1)
    assert second.helper.STATE == []


def test_a_module_that_hides_one_of_pythons_is_taken_and_said(tmp_path):
    step = written(tmp_path, mine=text_of("server05"), json="def dumps(_): return '[]'")
    assert not hasattr(imported(load(step), "utils01").json, "loads")
    lines = PythonFile(step.path).beside()
    words = "to 'python mine.py', json.py takes the place of Python's own json"
    assert lines == [f"{words}; rename it"]
    assert json.loads("{}") == {}


@pytest.mark.parametrize("name", ["json", "asyncio", "random", "lab", "utils01"])
def test_a_file_may_have_the_name_of_what_it_imports(name, tmp_path):
    step = written(tmp_path, **{name: text_of("server05")})
    assert verdict_of(step, JOINS) == "kept"


def test_a_folder_on_the_path_that_the_file_adds_is_looked_at_later_too(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "chatter.py").write_text("X = 1")
    text = (
        "import sys\nfrom pathlib import Path\n"
        "sys.path.insert(0, str(Path(__file__).parent / 'src'))\n"
        "def look():\n    import chatter\n    return chatter.X\n"
    )
    step = written(tmp_path, mine=text, helper="")
    assert load(step).look() == 1
    assert "chatter" not in sys.modules


def test_hundreds_of_files_beside_it_are_not_imported(tmp_path):
    step = written(tmp_path, mine=text_of("server05"))
    for number in range(500):
        (tmp_path / f"other{number}.py").write_text("raise SystemExit('imported')")
    assert verdict_of(step, JOINS) == "kept"


def test_settings_reach_the_module_that_is_used(tmp_path):
    utils = text_of("utils03") + "MINE = 5\n"
    step = written(tmp_path, mine=text_of("server10"), utils03=utils)
    wanted = {"utils03.MINE": "6", "utils03.TICK": "2"}
    assert settings_of(step, wanted) == wanted
    assert settings_of(story.find("10"), wanted) == {"utils03.TICK": "2"}
    words = [f"--set={name}={value}" for name, value in wanted.items()]
    words += ["--port", "0"]
    prints = "    print(utils03.MINE, utils03.TICK)\n"
    step.path.write_text(f"import utils03\nasync def main(port):\n{prints}")
    done = lab("run", str(step.path), *words)
    assert (done.returncode, done.stdout) == (0, "6 2.0\n")


def lab(*words, **options):
    command = [sys.executable, "-m", "lab", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, **options
    )


# What Python says a file is.

FORMS = {
    "with a byte order mark": (codecs.BOM_UTF8 + text_of("server05").encode(), "a.py"),
    "in latin-1": (
        b"# -*- coding: latin-1 -*-\n# \xe9\n" + text_of("server05").encode(),
        "b.py",
    ),
    "with other ends of lines": (
        text_of("server05").replace("\n", "\r\n").encode(),
        "c.py",
    ),
    "without an ending": (text_of("server05").encode(), "mine"),
    "with another ending": (text_of("server05").encode(), "mine.txt"),
    "with two dots": (text_of("server05").encode(), "my.server.py"),
    "with argparse": (
        b"import argparse\nargparse.ArgumentParser().parse_args()\n"
        + text_of("server05").encode(),
        "d.py",
    ),
    "with argparse in main": (
        text_of("server05")
        .replace(
            "    server = await",
            "    import sys\n    assert sys.argv == [__file__], sys.argv\n"
            "    server = await",
            1,
        )
        .encode(),
        "e.py",
    ),
    "with a run of its own": (
        text_of("server05").encode() + b"\ndef run():\n    return 5\n",
        "f.py",
    ),
    "with a main in an if": (b"if True:\n    from theirs import main\n", "g.py"),
    "with an imported main": (b"from theirs import main\n", "h.py"),
    "with a main of any arguments": (
        b"import theirs\nasync def main(**where):\n    await theirs.main(**where)\n",
        "i.py",
    ),
    "with a main that returns a coroutine": (
        b"import theirs\ndef main(host, port):\n    return theirs.main(host, port)\n",
        "j.py",
    ),
    "with a partial": (
        b"from functools import partial\nimport theirs\n"
        b"main = partial(theirs.main, host='127.0.0.1')\n",
        "k.py",
    ),
    "with something short in a loop": (
        b"import asyncio\nasyncio.run(asyncio.sleep(0))\nfrom theirs import main\n",
        "l.py",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_what_python_says_it_is(form, tmp_path):
    data, name = FORMS[form]
    (tmp_path / name).write_bytes(data)
    (tmp_path / "theirs.py").write_text(text_of("server05"), "utf-8")
    assert story.find(str(tmp_path / name)).path == tmp_path / name
    assert verdict_of(Step(tmp_path / name), JOINS) == "kept"


@pytest.mark.long  # a process each: the process loads a file as the simulation does
@pytest.mark.parametrize("form", FORMS)
def test_so_it_is_as_a_process(form, tmp_path):
    data, name = FORMS[form]
    (tmp_path / name).write_bytes(data)
    (tmp_path / "theirs.py").write_text(text_of("server05"), "utf-8")
    done = lab("check", "05", "--only", JOINS, str(tmp_path / name))
    assert (done.returncode, done.stderr) == (0, "")


ITSELF = {
    "asyncio.run(main())": 3,
    "try:\n    asyncio.run(main())\nexcept Exception:\n    pass": 4,
    "with asyncio.Runner() as runner:\n    runner.run(main())": 4,
    "def begin():\n    asyncio.run(main())\nbegin()": 5,
    "import socket\nsocket.create_server(('', 0)).accept()": 4,
    "import socketserver as s\ns.TCPServer(('', 0), s.StreamRequestHandler)": 4,
}


@pytest.mark.parametrize("how", ITSELF)
async def test_a_file_that_starts_itself_is_told_what_to_do(how, tmp_path):
    text = (
        "import asyncio\n"
        "async def main(host='', port=0): await asyncio.start_server(print, '', 0)\n"
    )
    step = written(tmp_path, mine=text + how + "\n")
    with pytest.raises(StartsItself) as caught:
        await start(step)
    assert "listen" not in vars(socket.socket)
    words = f"mine.py, line {ITSELF[how]}: it starts itself when it is imported"
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("words", "named", "why"),
    [
        (["05"], {"port": 70000}, "a port is a number from 0 to 65535, not 70000"),
        (["05"], {"port": -1}, "a port is a number from 0 to 65535, not -1"),
        (["05"], {"port": "80"}, "a port is a number from 0 to 65535, not '80'"),
        (["client01"], {}, "client01 is no server. Start it by: python steps/client01"),
        (["utils01"], {}, "utils01 is no server. Steps import it."),
        (["characters"], {}, "characters is no server. Steps import it."),
    ],
)
async def test_what_cannot_be_started_is_one_line_in_a_notebook(words, named, why):
    with pytest.raises(story.CannotDo) as caught:
        await start(*words, **named)
    (line,) = caught.value._render_traceback_()
    assert why in line


# The environment of a command.


async def test_a_command_keeps_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "app/src")
    monkeypatch.setenv("MINE", "yes")
    found = tmp_path / "found"
    monkeypatch.chdir(tmp_path)
    code = (
        "import json, os, pathlib, sys\n"
        "pathlib.Path(sys.argv[2]).write_text(json.dumps(dict(os.environ)))\n"
        "sys.exit('sorry')\n"
    )
    with pytest.raises(story.CannotDo, match="sorry"):
        await Command([sys.executable, "-c", code, "{port}", str(found)]).start()
    assert json.loads(found.read_text()) == dict(os.environ)


async def test_a_command_that_finds_no_module_of_ours_is_told_where_it_is(tmp_path):
    step = written(tmp_path, mine="import utils01\n")
    with pytest.raises(story.CannotDo, match="it is in steps/: name that folder"):
        await Command([sys.executable, "-I", str(step.path), "{port}"]).start()


def test_a_file_keeps_the_path_of_the_user(tmp_path, monkeypatch, capsys):
    for folder in ("src", "app", "cwd"):
        (tmp_path / folder).mkdir()
    written(tmp_path / "src", chatapp="from utils01 import new_messages\n")
    text = "import chatapp\n" + text_of("server05")
    step = written(tmp_path / "app", mine=text)
    # What lies where the user is, and not beside the file, is nobody's business.
    written(tmp_path / "cwd", json="raise SystemExit('imported')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    monkeypatch.chdir(tmp_path / "cwd")
    assert main(["check", "05", "--only", JOINS, str(step.path)]) == 0
    assert capsys.readouterr().err == ""


def test_a_plain_main_is_refused_with_its_line(tmp_path):
    step = written(tmp_path, mine="\ndef main(host, port):\n    serve(host)\n")
    with pytest.raises(NoServer, match=r"mine.py, line 2: main is not a coroutine"):
        story.own_server(step.path)
