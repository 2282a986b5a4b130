"""The story, the judge and the list of behaviours. The other instruments have files."""

import sys

import pytest

import lab
from lab import behaviours, story
from lab.course import changes
from lab.host import load, main_of, run_of
from lab.host.entry import bound
from lab.story import ROOT, NoSuchStep

PATIENT = 10.0  # seconds for what has to happen: a busy machine is no failure
IMPATIENT = 0.1  # seconds for what cannot happen


# The story.


def test_each_thing_that_the_lab_offers_can_be_had_and_nothing_else():
    assert all(callable(getattr(lab, name)) for name in lab.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'stop'"):
        lab.stop  # noqa: B018


def test_the_steps_come_in_the_order_of_the_story():
    names = [step.name for step in story.steps()]
    servers = [name for name in names if name.startswith("server")]
    assert servers == sorted(servers)
    assert names.index("utils01") == names.index("server03") - 1
    assert names[-1].startswith("client")


@pytest.mark.parametrize(
    "name", ["5", "05", "server05", str(ROOT / "steps/server05.py")]
)
def test_a_step_is_found_by_its_number_its_name_and_its_path(name):
    assert story.find(name).path == ROOT / "steps" / "server05.py"


@pytest.mark.parametrize("name", ["99", "", "server5", "nowhere.py", "steps", "0x5"])
def test_a_step_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(NoSuchStep, match="the steps are server01, server02, utils01"):
        story.find(name)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n",
        '"""A sentence."""\n',
        '"""A sentence.\n\nNew: something.\n"""\n',
        '"""A sentence.\n\nStill wrong: something.\n"""\n',
    ],
)
def test_a_docstring_of_another_form_is_refused(tmp_path, text):
    file = tmp_path / "server99.py"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"server99\.py: its docstring has to open"):
        assert story.Step(file).sentence


def test_a_step_is_read_from_its_docstring(tmp_path):
    file = tmp_path / "server99.py"
    file.write_text('"""It flies.\n\nNew: wings.\nStill wrong: no landing.\n"""\n')
    step = story.Step(file)
    assert (step.sentence, step.new, step.wrong) == (
        "It flies.",
        "wings.",
        "no landing.",
    )
    assert (step.name, step.kind, step.number) == ("server99", "server", "99")
    assert (step.listens, step.imports) == (False, ())


def test_a_side_step_stands_beside_its_server(tmp_path, monkeypatch):
    for file in story.STEPS.glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    text = (story.STEPS / "server04.py").read_text("utf-8")
    (tmp_path / "server04_by_hand.py").write_text(text, "utf-8")
    monkeypatch.setattr(story, "STEPS", tmp_path)
    names = [step.name for step in story.steps()]
    assert names[names.index("server04") + 1] == "server04_by_hand"
    side = story.find("server04_by_hand")
    assert (side.kind, side.number) == ("side", "04")
    assert side not in story.steps_of("server")
    assert story.up_to(side) == [f"server0{n}" for n in range(1, 5)]
    assert changes.before(side) == story.find("04")
    assert behaviours.holds(behaviours.find("joining_is_acknowledged"), side)


HERE = {"host": "127.0.0.1", "port": 9011}
MAINS = {
    "host='', port=1": ([], {}),
    "host, port": ([], HERE),
    "host, port=1": ([], {"host": "127.0.0.1"}),
    "port": ([], {"port": 9011}),
    "*, host, port=1": ([], {"host": "127.0.0.1"}),
    "host, port, /": (["127.0.0.1", 9011], {}),
    "host, /, port=1": (["127.0.0.1"], {}),
    "*where": (["127.0.0.1", 9011], {}),
    "**where": ([], HERE),
    "host='', **where": ([], HERE),
}


@pytest.mark.parametrize("parameters", MAINS)
def test_main_is_called_with_what_it_demands_and_what_is_given(parameters, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(f"async def main({parameters}): pass\n")
    assert story.Step(file).listens
    main = load(story.Step(file)).main
    words, named = MAINS[parameters]
    assert bound(main) == (words, named)
    words, named = bound(main, port=0)
    assert 0 in [*words, *named.values()]
    assert 9011 not in [*words, *named.values()]


def test_a_main_that_demands_something_else_is_not_called(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("async def main(address, port): pass\n")
    module = load(story.Step(file))
    assert bound(module.main, port=0) is None
    with pytest.raises(story.NoServer, match="something else than host and port"):
        main_of(module, story.Step(file), port=0)


RUNS = {
    "def run(host='', port=1): pass": True,
    "def run(host, port): pass": True,
    "def run(port, *, host=None, debug=False): pass": True,
    "def run(): pass": False,
    "def run(x): pass": False,
    "def run(port): pass": False,
    "def run(app, host='', port=1): pass": False,
    "def run(**where): pass": False,
    "async def run(host, port): pass": False,
    "from subprocess import run": False,
    "from asyncio import run": False,
    "run = 5": False,
    "class run:\n    def __init__(self, host, port): pass": False,
    "": False,
}


@pytest.mark.parametrize("text", RUNS)
def test_run_is_that_of_step_07_if_it_takes_host_and_port(text, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(text + "\n")
    assert (run_of(load(story.Step(file))) is not None) == RUNS[text]


# The judge.


async def test_a_behaviour_that_is_kept_is_judged_so():
    verdict = await lab.judge("chat_reaches_everyone_else", "05", PATIENT)
    assert verdict.unmet is None
    assert repr(verdict).splitlines()[-1] == "  kept"
    assert repr(verdict).startswith("server05: A message from Alice reaches")


async def test_a_behaviour_that_is_not_kept_yet_is_judged_so():
    verdict = await lab.judge("chat_reaches_everyone_else", "04", IMPATIENT)
    assert "  not yet" in repr(verdict).splitlines()
    assert "  expected: a message with the action 'chat' for bob" in repr(verdict)
    assert f"  got:      {verdict.unmet.got}" in repr(verdict)


async def test_a_behaviour_of_the_framing_is_judged_too():
    name = "a_message_arrives_whole_however_it_is_cut"
    assert (await lab.judge(name, "03", PATIENT)).unmet is None
    assert (await lab.judge(name, "utils01", PATIENT)).unmet is None
    assert "which does not" in repr(await lab.judge(name, "02"))


@pytest.mark.skipif(sys.platform == "win32", reason="cannot send Ctrl-C there")
async def test_a_behaviour_that_needs_a_process_is_judged_too():
    name = "ctrl_c_ends_it_when_nobody_is_connected"
    assert (await lab.judge(name, "01", PATIENT)).unmet is None


async def test_where_no_process_can_be_started_it_is_judged_in_a_simulation(
    monkeypatch,
):
    judging = sys.modules["lab.check.judge"]  # the package has a function of that name
    monkeypatch.setattr(judging, "PROCESSES", False)
    monkeypatch.setattr(judging, "start_process", None)
    for step, kept in (("06", False), ("07", True)):
        verdict = await lab.judge("everyone_gets_bye_at_shutdown", step)
        assert (verdict.unmet is None) == kept


async def test_a_behaviour_or_a_step_that_is_not_there_is_a_lookup_error():
    with pytest.raises(LookupError, match="there is no behaviour 'flies'"):
        await lab.judge("flies", "05")
    with pytest.raises(LookupError, match="there is no step '99'"):
        await lab.judge("chat_reaches_everyone_else", "99")


# The list of behaviours.


async def flies(bench):
    """Fly.

    Land.
    """


async def counts(framing):
    """Count."""


@pytest.fixture
def registry(monkeypatch):
    behaviours.every()  # those of the book are registered once, when they are imported
    mine = []
    monkeypatch.setattr(behaviours, "_registered", mine)
    return mine


def test_a_behaviour_is_registered_with_what_it_states(registry):
    assert behaviours.since(5, until="utils07", needs="output")(flies) is flies
    (behaviour,) = registry
    assert behaviours.find("flies") == behaviour
    assert (behaviour.since, behaviour.until) == ("server05", "utils07")
    assert (behaviour.name, behaviour.needs) == ("flies", "output")
    assert behaviour.sentence == "Fly. Land."
    assert not behaviour.of_framing


def test_a_behaviour_of_the_framing_is_told_by_its_argument(registry):
    behaviours.since("utils01")(counts)
    assert [behaviour.of_framing for behaviour in registry] == [True]


def test_a_need_that_no_bench_has_is_refused(registry):
    with pytest.raises(ValueError, match="needs='wings'"):
        behaviours.since(5, needs="wings")
    assert registry == []


def test_every_behaviour_comes_once_and_says_what_the_server_does():
    names = [behaviour.name for behaviour in behaviours.every()]
    assert len(names) == len(set(names))
    assert behaviours.every() == behaviours.every()
    for behaviour in behaviours.every():
        assert behaviour.sentence.endswith("."), behaviour.name
