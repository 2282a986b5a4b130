"""The search: what it finds, what it does not, and how it tells of it."""

import asyncio
import errno
import html
import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from lab import search, simulation, story
from lab.__main__ import main
from lab.client import Client, Connection, Noted
from lab.mistakes.twins import find, twins
from lab.network import Faults, link_of
from lab.search import crowd, faults, invariants, plan
from lab.search.crowd import TIMEOUT, Played, Run, Said
from lab.search.faults import FAULTS
from lab.search.invariants import INVARIANTS, most_unsent
from lab.search.plan import BURST, Act, Part, Plan
from lab.story import ROOT, STEPS, NoSuchStep
from lab.unmet import Unmet

PATIENT = 15.0  # seconds for another process: a busy machine is no failure

SEARCHED = [s for s in story.steps() if s.kind in ("server", "side") and s.listens]
NEW = [step for step in SEARCHED if step.kind == "side"] + SEARCHED[-1:]
LAST = story.find("05")  # what is changed below, and short enough for that
TO_COME = [fault for fault in FAULTS if fault.since > LAST.name]
EVERYTHING = [fault.name for fault in FAULTS]

# How many seeds it may take to find each wrong version, and what it is found by: about
# three times as many as it took on every Python and with every order of hashes.
FOUND = {
    "echoes": (5, "nobody_hears_themself"),
    "falls_with_the_dead": (240, "who_stays_is_attended_to"),
    "keeps_the_line_open": (5, "who_stays_is_attended_to"),
    "leaves_when_all_went_well": (60, "who_comes_also_goes"),
    "passes_on_what_it_got": (5, "a_relay_is_true"),
    "catches_one_kind_of_error": (10, "who_leaves_is_heard_up_to_a_point"),
    "reads_what_is_there": (5, "who_stays_is_attended_to"),
    "never_gives_up": (60, "what_waits_is_bounded"),
    "a_task_for_each_friend": (60, "what_waits_is_bounded"),
    "an_outbox_for_each_room": (10, "nothing_is_lost_between_those_who_stay"),
    "asks_and_forgets": (10, "who_falls_silent_is_let_go"),
}
NOT_FOUND = {
    "swallows_cancel": "no server sets a deadline around new_messages",
    "confuses_slow_with_stuck": "nobody who stays is owed anything for long",
    "takes_all_it_is_sent": "nobody looks at what a server keeps to itself",
    "one_bucket_for_an_address": "nobody waits ten seconds for a token",
    "never_forgets_a_burst": "nobody talks for half a minute",
    "counts_who_is_refused": "nobody comes when those who were refused hang about",
    "refuses_a_room_one_is_in": "there are three rooms",
    "shuts_the_door_in_their_face": "a crowd is no thousand",
    "looks_away_at_the_end": "whoever reads nothing does so for half a minute only",
    "sees_no_frame_end": "nobody talks for ten seconds without a pause",
    "trusts_the_clock": "no machine stands still",
    "closes_at_once": "when the server is stopped, all has been said",
    "deaf_to_sigterm": "a crowd sends no signals",
    "decides_at_the_end_of_the_turn": "nobody is asked to hear what was just missed",
    "frees_the_name_of_the_polite": "nobody comes twice under one name",
    "hangs_up_on_its_own_answer": "nobody announces too large a payload",
    "hangs_up_politely": "whoever reads nothing does so for half a minute only",
    "keeps_the_loop": "nobody is held to how soon the others are heard",
    "never_forgives": "nobody sends twenty bad messages",
    "reads_before_it_looks": "nobody announces too large a payload",
    "says_bye_to_one_after_the_other": "when the server is stopped, all has been said",
    "lingers_before_it_leaves": "nobody is held to how soon they hear of it",
    "reads_for_ever": "a crowd hangs up when it is told to",
    "escapes_every_letter": "nobody says 64 KiB",
    "names_first_and_asks_later": "nobody asks for a name that is taken",
    "shares_its_rooms": "there is one server",
    "says_bye_to_all": "the same",
    "waits_for_more_to_say": "50 ms are a short time for a crowd",
    "waits_for_who_does_not_read": "the lab ends by force what does not end",
}

# The same for each fault that the step before the one that survives it does not.
FATAL = {
    "stalled": (40, "who_stays_is_heard_in_time"),
    "dead": (6, "who_stays_is_attended_to"),
    "stopped": (5, "who_stays_hears_that_it_is_over"),
    "bad": (10, "what_is_bad_is_answered"),
    "at_once": (10, "what_comes_at_once_is_written_at_once"),
    "silent": (10, "who_falls_silent_is_let_go"),
    "flood": (30, "who_stays_is_attended_to"),
    "crowd": (10, "nobody_takes_all_places"),
}

of_each_twin = pytest.mark.parametrize("twin", twins(), ids=lambda twin: twin.name)


def searched(twin, seeds, **options):
    """Search a wrong version, which may be one of ``utils01``."""
    if twin.of.kind == "utils":
        user = next(step for step in SEARCHED if twin.of.name in step.imports)
        if twin.of.name == "utils01":
            user = LAST
        return search.search(user, seeds, utils=twin.step.path, **options)
    return search.search(twin.step, seeds, like=twin.of, **options)


# What it finds.


# An older step changes seldom, and its behaviours are tried each time.
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, marks=[] if step in NEW else [pytest.mark.long])
        for step in SEARCHED
    ],
    ids=lambda step: step.name,
)
def test_each_step_survives_all_troubles_that_it_must_survive(step):
    result = search.search(step, range(40))  # `make search` plays as many as you like
    assert result.found is None, repr(result)
    assert (result.step, result.seeds) == (step, 40)


@pytest.mark.parametrize("fault", TO_COME, ids=lambda fault: fault.name)
def test_what_a_step_survives_is_too_much_for_the_one_before(fault):
    seeds, invariant = FATAL[fault.name]
    like = story.find(fault.since)
    servers = [step.name for step in story.steps_of("server")]
    before = story.find(servers[servers.index(like.name) - 1])
    result = search.search(
        before, range(seeds), fault=[fault.name], like=like, smaller=False
    )
    assert result.found is not None, f"{seeds} seeds, and nothing was found"
    assert result.found.invariant == invariant


# It tells how good the search is, and changes with the search or with a twin only.
@pytest.mark.long
@of_each_twin
def test_each_wrong_version_is_found_soon(twin):
    if twin.name in NOT_FOUND:
        result = searched(twin, range(40))
        assert result.found is None, f"it is found after all: {result!r}"
        return
    assert twin.name in FOUND, "how many seeds does it take? See FOUND"
    seeds, invariant = FOUND[twin.name]
    result = searched(twin, range(seeds), smaller=False)
    assert result.found is not None, f"{seeds} seeds, and nothing was found"
    assert (result.found.invariant, result.found.step) == (invariant, result.step)
    assert result.found.seed == result.seeds - 1


def test_of_every_wrong_version_it_is_said_whether_it_is_found():
    assert {*FOUND, *NOT_FOUND} == {twin.name for twin in twins()}
    assert not FOUND.keys() & NOT_FOUND.keys()


def test_the_reason_why_one_is_not_found_still_holds():
    for step in SEARCHED:
        if "utils01" in step.imports:
            text = step.path.read_text(encoding="utf-8")
            assert "timeout(" not in text, f"{NOT_FOUND}: {step.name} does"
            assert "wait_for" not in text, f"{NOT_FOUND}: {step.name} does"


# Servers with other faults, each a change in the last step.

WRONG = {
    "spins": (
        "            relay = {",
        "            while True:\n                await asyncio.sleep(0)\n"
        "            relay = {",
        "something_can_always_happen",
    ),
    "starts a task that nobody can end": (
        "    async with server:\n",
        "    async def beat():\n"
        "        while True:\n"
        "            try:\n"
        "                await asyncio.sleep(10)\n"
        "            except asyncio.CancelledError:\n"
        "                pass\n"
        "    beating = asyncio.create_task(beat())\n"
        "    async with server:\n",
        "nothing_is_left_running",
    ),
    "keeps the line of who sends rubbish": (
        "            await handler(message)\n    finally:\n",
        "            await handler(message)\n"
        "    except AttributeError:\n"
        "        await asyncio.sleep(1_000_000)\n"
        "    finally:\n",
        "everything_is_closed",
    ),
    "forgets every third word": (
        "            await send_to(ROOMS[room] - {self}, relay)",
        "            self.said = getattr(self, 'said', 0) + 1\n"
        "            if self.said % 3:\n"
        "                await send_to(ROOMS[room] - {self}, relay)",
        "nothing_is_lost_between_those_who_stay",
    ),
    "waits before it speaks": (
        "            await send_to(ROOMS[room] - {self}, relay)",
        "            async def late(members):\n"
        "                await asyncio.sleep(11)\n"
        "                await send_to(members, relay)\n"
        "            task = asyncio.create_task(late(ROOMS[room] - {self}))\n"
        "            TASKS.add(task)\n"
        "            task.add_done_callback(TASKS.discard)",
        "who_stays_is_heard_in_time",
    ),
    "swallows every third word of a guest": (
        "            await send_to(ROOMS[room] - {self}, relay)",
        "            self.said = getattr(self, 'said', 0) + 1\n"
        "            if self.said % 3 or not self.name.startswith('guest'):\n"
        "                await send_to(ROOMS[room] - {self}, relay)",
        "who_leaves_is_heard_up_to_a_point",
    ),
    "tells everybody": (
        "            await send_to(ROOMS[room] - {self}, relay)",
        "            everybody = {one for room in ROOMS.values() for one in room}\n"
        "            await send_to(everybody - {self}, relay)",
        "nobody_hears_a_room_they_are_not_in",
    ),
    "adds the time of day": (
        '"message": text, "from": self.name}',
        '"message": text, "from": self.name, "at": 0}',
        "a_relay_is_true",
    ),
    "sends a long history": (
        '"members": members}',
        '"members": members, "history": "." * 1_200_000}',
        "what_waits_is_bounded",
    ),
}


def changed(old, new):
    text = LAST.path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    return text.replace(old, new).replace("\nROOMS:", "\nTASKS = set()\nROOMS:")


@pytest.mark.parametrize("name", WRONG)
def test_other_wrong_servers_are_found_too(tmp_path, name):
    *change, invariant = WRONG[name]
    file = tmp_path / "server.py"
    file.write_text(changed(*change), encoding="utf-8")
    names = [fault.name for fault in faults.survived_by(LAST)]
    if invariant == "what_waits_is_bounded":
        names = []  # on a slow network it would be too late before it is too much
    result = search.search(
        story.find(str(file)), range(20), like=LAST, fault=names, smaller=False
    )
    assert result.found is not None, "20 seeds, and nothing was found"
    assert result.found.invariant == invariant, repr(result)


def test_what_the_server_complains_of_is_told_with_what_was_found(tmp_path):
    file = tmp_path / "server.py"
    file.write_text(changed("            relay = {", "            relay = 1 / 0, {"))
    found = search.search(story.find(str(file)), range(5), like=LAST).found
    assert found.invariant == "who_stays_is_attended_to"
    assert found.run.complaint == "ZeroDivisionError: division by zero"
    last = f"  the server's last complaint: {found.run.complaint}"
    assert found.text().splitlines()[-1] == last


def test_asyncio_is_not_heard_of_what_goes_wrong_in_a_crowd(tmp_path, caplog):
    file = tmp_path / "server.py"
    noise = "            asyncio.log.logger.error('on purpose')\n            relay = {"
    file.write_text(changed("            relay = {", noise))
    search.search(story.find(str(file)), range(2), like=LAST)
    assert caplog.records == []
    asyncio.log.logger.error("heard again")
    assert [record.message for record in caplog.records] == ["heard again"]


def crowd_of(*parts, seed=0):
    """Play a crowd that was made by hand on the last step."""
    return crowd.play(LAST, Plan(seed, 65536, parts))


TEA = Act(0.0, "join", "tea")
ALICE = Part("alice", True, Faults(), (TEA,), "finish")


def test_a_dead_connection_is_not_expected_to_be_closed():
    run = crowd_of(ALICE, Part("guest", False, Faults(), (), "dead"))
    assert (run.open_ends, run.dead_ends) == (0, 1)
    assert first_broken(run, LAST) is None


@pytest.mark.parametrize("acts", [(), (TEA,), (TEA, Act(0.0, "say", "tea", 12))])
@pytest.mark.parametrize("end", ["dead", "silent"])
def test_since_silence_is_noticed_nobody_is_kept(end, acts):
    step = story.find("10")
    plan = Plan(0, 65536, (ALICE, Part("guest", False, Faults(), acts, end)))
    run = crowd.play(step, plan)
    assert (run.open_ends, run.dead_ends, run.everybody[1].kept) == (0, 0, False)
    assert first_broken(run, step) is None


def test_who_is_reset_while_it_waits_for_the_end_was_not_hung_up_on():
    outcomes = set()
    for seed in range(40):
        faults = Faults(reset=1.0, within=300, latency=1.0)
        acts = (TEA, Act(0.0, "say", "tea", 12))
        run = crowd_of(ALICE, Part("guest", False, faults, acts, "finish"), seed=seed)
        guest = run.everybody[1]
        between = link_of(guest.client.connection.socket)
        outcomes.add((bool(guest.said), between.was_reset, guest.hung_up_on))
        assert first_broken(run, LAST) is None
    # Before it could speak, while it waited for the end, and not at all.
    assert outcomes == {
        (False, True, False),
        (True, True, False),
        (True, False, True),
    }


# Plans.


def test_the_same_seed_brings_the_same_plan_and_others_others():
    plans = [plan.drawn(seed, EVERYTHING) for seed in range(100)]
    assert plans == [plan.drawn(seed, EVERYTHING) for seed in range(100)]
    assert len({(p.capacity, p.parts) for p in plans}) == 100
    assert [p.seed for p in plans] == list(range(100))


def causes(part):
    """Return the names of the faults that this part has."""
    faults = part.faults
    signs = {
        "late": faults.latency or faults.jitter,
        "pieces": faults.split,
        "refused": faults.refused,
        "gone": part.end == "close",
        "reset": faults.reset or part.end == "reset",
        "rubbish": part.end == "rubbish",
        "forged": any(act.what == "forge" for act in part.acts),
        "stalled": any(act.what == "stall" for act in part.acts),
        "dead": part.end == "dead",
        "bad": any(act.what == "bad" for act in part.acts),
        "at_once": any(act.what == "burst" for act in part.acts),
        "silent": part.end == "silent",
        "crowd": any(act.what == "crowd" for act in part.acts),
    }
    return {name for name, sign in signs.items() if sign}


@pytest.mark.parametrize("names", [[], *([name] for name in EVERYTHING), EVERYTHING])
def test_a_plan_has_the_troubles_that_are_named_and_no_others(names):
    plans = [plan.drawn(seed, names) for seed in range(60)]
    parts = [part for p in plans for part in p.parts if not p.flooded]
    assert set().union(*map(causes, parts)) == set(names) - {"stopped", "flood"}
    assert {p.stopped for p in plans} == {"stopped" in names}
    assert any(p.flooded for p in plans) == ("flood" in names)
    for part in parts:
        assert part.faults.dead == part.faults.stalled == 0
        if part.stays:
            assert causes(part) <= {"late", "pieces"}
            assert part.end == "finish"
            assert "tea" in part.rooms


def test_a_plan_has_some_who_stay_and_some_who_come_and_go():
    plans = [plan.drawn(seed, EVERYTHING) for seed in range(60)]
    for p in plans:
        staying = [part.name for part in p.parts if part.stays]
        visiting = [part.name for part in p.parts if not part.stays]
        assert staying == ["alice", "bob", "cleo"][: len(staying)]
        assert visiting == [f"guest {number}" for number in range(len(visiting))]
    assert {len([x for x in p.parts if x.stays]) for p in plans} == {2, 3}
    assert {len([x for x in p.parts if not x.stays]) for p in plans} == {1, 2, 3, 4, 5}
    assert {p.capacity for p in plans} == set(plan.WIRES)


def test_a_wire_is_only_as_slow_as_can_carry_a_long_text_in_time():
    for seed in range(60):
        p = plan.drawn(seed, EVERYTHING)
        for part in p.parts:
            slowness = part.faults.latency, part.faults.jitter
            assert slowness in plan.WIRES[p.capacity]
            most = sum(slowness) * plan.LONG / p.capacity
            assert most < TIMEOUT


@pytest.mark.parametrize("seed", range(10))
def test_shorter_plans_are_smaller_and_keep_the_rooms_of_those_who_stay(seed):
    whole = plan.drawn(seed, EVERYTHING)
    before = {part.name: part for part in whole.parts}
    candidates = list(plan.shorter(whole))
    assert candidates
    for smaller in candidates:
        assert smaller.size < whole.size
        assert (smaller.seed, smaller.capacity) == (whole.seed, whole.capacity)
        for part in smaller.parts:
            old = before[part.name]
            assert replace(part, acts=old.acts) == old
            acts = iter(old.acts)
            assert all(act in acts for act in part.acts)  # in the same order
            if part.stays:
                assert part.rooms == old.rooms
    # One without each client, and one without each single act that may be missing.
    sizes = [whole.size - smaller.size for smaller in candidates]
    gone = [2 + len(part.acts) for part in whole.parts]
    assert sizes[: len(gone)] == gone
    free = [
        act
        for part in whole.parts
        for act in part.acts
        if not (part.stays and act.what == "join")
    ]
    assert sizes[len(gone) :].count(1) >= len(free)


def test_a_plan_of_nobody_cannot_be_made_shorter():
    assert list(plan.shorter(Plan(1, 1024, ()))) == []
    alone = Part("alice", True, Faults(), (Act(0.0, "join", "tea"),), "finish")
    assert list(plan.shorter(Plan(1, 1024, (alone,)))) == [Plan(1, 1024, ())]


# Made smaller, and played again.

OF_SERVERS = [twin for twin in twins() if twin.name in FOUND]


@pytest.fixture(scope="module")
def smallest():
    """Return what was found in a wrong version, made as small as it gets, and whole."""
    twin = find("leaves_when_all_went_well")
    seed = searched(twin, range(FOUND[twin.name][0]), smaller=False).found.seed
    return (
        twin,
        searched(twin, [seed]).found,
        searched(twin, [seed], smaller=False).found,
    )


def test_what_was_made_smaller_breaks_the_same_invariant(smallest):
    twin, found, whole = smallest
    assert found.invariant == whole.invariant == FOUND[twin.name][1]
    assert found.original == whole.original == whole.run.plan
    assert found.run.plan.size < found.original.size / 3
    assert found.seed == whole.seed == found.run.plan.seed
    assert first_broken(crowd.play(twin.step, found.run.plan), twin.of) == (
        found.invariant
    )


def first_broken(run, like):
    for invariant in invariants.of(like):
        for _ in invariant.check(run):
            return invariant.name
    return None


def test_what_is_made_smaller_never_ends_up_with_another_invariant(tmp_path):
    file = tmp_path / "server.py"
    *forgetful, invariant = WRONG["forgets every third word"]
    old, new, other = WRONG["adds the time of day"]
    file.write_text(changed(*forgetful).replace(old, new))
    found = search.search(story.find(str(file)), range(20), like=LAST).found
    assert found.invariant == invariant
    broken = {i.name for i in INVARIANTS if list(i.check(found.run))}
    assert broken == {invariant, other}


def test_what_was_made_smaller_cannot_be_made_smaller_still(smallest):
    twin, found, _ = smallest
    for candidate in plan.shorter(found.run.plan):
        run = crowd.play(twin.step, candidate)
        assert first_broken(run, twin.of) != found.invariant


def test_what_was_found_can_be_played_again(smallest):
    twin, found, whole = smallest
    again = searched(twin, [found.seed]).found
    assert again.story().text() == found.story().text() != ""
    assert again.text() == found.text()
    assert again.run.plan == found.run.plan
    assert whole.story().text() != found.story().text()


def test_it_is_made_smaller_in_so_many_runs_and_no_more(monkeypatch, smallest):
    twin, found, whole = smallest
    monkeypatch.setattr(search, "SHRINKS", 3)
    hurried = searched(twin, [found.seed]).found
    assert found.run.plan.size < hurried.run.plan.size < whole.run.plan.size


def test_what_was_found_is_told_in_words(smallest):
    _, found, _ = smallest
    head, what, crowded, *parts = found.text().splitlines()
    assert head == f"leaves_when_all_went_well, seed {found.seed}: {found.invariant}"
    assert what == f"  {found.what}"
    acts = f"{found.original.size} acts, made smaller to {found.run.plan.size}"
    assert crowded == f"  the crowd ({acts}):"
    assert len(parts) - bool(found.run.complaint) == len(found.run.plan.parts)
    for part, line in zip(found.run.plan.parts, parts, strict=False):
        assert line.startswith(f"    {part.name}: connect")
        assert f"; {part.end}" in line
    assert repr(found) == found.text()


def test_a_notebook_shows_the_words_and_the_picture(smallest):
    twin, found, _ = smallest
    result = searched(twin, [found.seed])
    for shown, words in ((found, found.text()), (result, repr(result))):
        words_shown, picture = shown._repr_html_().split("</pre>")
        assert html.unescape(words_shown).endswith(words)
        assert "<svg" in picture
    nothing = search.search(LAST, [0])
    assert html.escape(repr(nothing)) in nothing._repr_html_()
    assert "<svg" not in nothing._repr_html_()


def test_what_happens_without_anybody_has_a_story_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr("lab.simulation.loop.TURNS", 1000)
    file = tmp_path / "spins.py"
    old, new = "        await server.serve_forever()", "        pass"
    file.write_text(changed(old, f"{new}\n    while True:\n        await spin()\n"))
    file.write_text(file.read_text() + "\n\nasync def spin(): await asyncio.sleep(0)\n")
    found = search.search(story.find(str(file)), [0], like=LAST).found
    assert found.invariant == "something_can_always_happen"
    assert found.run.plan.parts == ()
    assert found.story().text() == ""
    ElementTree.fromstring(found.story().svg())


def test_a_result_says_how_many_seeds_were_played_and_how_fast():
    assert repr(search.search(LAST, [])) == (
        f"{LAST.name}: 0 seeds in 0.0 s (0 a second), nothing found"
    )
    result = search.Searched(LAST, 200, 4.0, None)
    assert repr(result) == (
        f"{LAST.name}: 200 seeds in 4.0 s (50 a second), nothing found"
    )


def test_what_does_not_exist_cannot_be_searched():
    with pytest.raises(NoSuchStep, match="there is no step '99'"):
        search.search("99")
    with pytest.raises(LookupError, match="there is no fault 'rain'; there are late"):
        search.search(LAST, fault=["rain"])


def test_a_search_leaves_the_running_loop_and_the_modules_as_they_were():
    async def main():
        before = set(sys.modules)
        search.search(LAST, range(3), utils=find("swallows_cancel").step.path)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return set(sys.modules) - before

    assert "utils01" not in asyncio.run(main())


# Troubles and invariants as lists.


def test_troubles_and_invariants_name_steps_that_there_are_or_will_be():
    names = [step.name for step in story.steps_of("server")]
    for since in [t.since for t in FAULTS] + [i.since for i in INVARIANTS]:
        assert re.fullmatch(r"server\d\d", since)
        assert since in names or since > names[-1]


def test_troubles_and_invariants_have_names_and_sentences_of_their_own():
    for items in (FAULTS, INVARIANTS):
        assert len({item.name for item in items}) == len(items)
        assert len({item.sentence for item in items}) == len(items)
        assert all(item.sentence.endswith(".") for item in items)


def test_every_trouble_that_no_step_survives_yet_is_in_the_table():
    assert [fault.name for fault in TO_COME] == list(FATAL)


@pytest.mark.parametrize("step", story.steps_of("server"), ids=lambda step: step.name)
def test_a_step_is_held_to_what_is_since_itself_or_since_a_step_before_it(step):
    survived, kept = faults.survived_by(step), invariants.of(step)
    assert survived == [t for t in FAULTS if t.since <= step.name]
    assert kept == [i for i in INVARIANTS if i.since <= step.name]
    assert bool(survived) == bool(kept) == step.listens


# Every invariant can be broken: runs made by hand.


async def _heard(name, notes):
    async def hang_up(reader, writer):
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    streams = await asyncio.open_connection(*server.sockets[0].getsockname())
    client = Client(name, Connection(*streams))
    await client.hear_the_end()
    await client.close()
    server.close()
    client.log += [Noted(0, *note) for note in notes]
    client.heard += [message for _, sent, message in notes if not sent]
    return client


def chat(name, number, room="tea", **more):
    text = f"{name} says {number}"
    return {"action": "chat", "room": room, "message": text, "from": name, **more}


def news(action, name, room="tea"):
    return {"action": f"{action}room", "room": room, "from": name}


class Scene:
    """Alice and Bob stay; a guest comes, says two things, and goes."""

    def __init__(self):
        guest = [
            (3.0, False, news("join", "guest")),
            (4.0, False, chat("guest", 0)),
            (5.0, False, chat("guest", 1)),
            (6.0, False, news("leave", "guest")),
        ]
        self.alice = [
            (0.0, False, news("join", "alice")),
            (1.0, True, chat("alice", 0)),
            (2.0, True, chat("alice", 1)),
            *guest,
        ]
        self.bob = [
            (0.0, False, news("join", "bob")),
            (1.0, False, chat("alice", 0)),
            (2.0, False, chat("alice", 1)),
            *guest,
        ]
        self.guest = [
            (3.0, False, news("join", "guest")),
            (4.0, True, chat("guest", 0)),
            (5.0, True, chat("guest", 1)),
        ]
        self.end = "finish"
        self.hung_up_on = True
        self.unmet = None
        self.left = {}  # of the run: open_ends, tasks, peak, stuck
        self.stopped = False
        self.cut = False  # bob's connection, in the end
        self.kept = False  # the guest, who says nothing any more
        self.let_in = self.untold = 0  # of the crowd that the guest brings
        self.bad = self.bursts = self.writes = 0
        self.more = 0  # that the guest says

    def run(self):
        """Return the run in which all this has happened."""
        run = Run(Plan(0, 1024, (), self.stopped), LAST, **self.left)
        said = {
            "alice": [Said(2, "tea", "alice says 0"), Said(3, "tea", "alice says 1")],
            "bob": [],
            "guest": [
                Said(5 + n, "tea", f"guest says {n}") for n in range(2 + self.more)
            ],
        }
        for moment, name in enumerate(said):
            stays = name != "guest"
            part = Part(name, stays, Faults(), (), "finish" if stays else self.end)
            played = Played(part, said=said[name], asked={"tea"})
            played.client = simulation.run(_heard(name, getattr(self, name)))
            played.joined = {"tea": moment if stays else 4}
            run.everybody.append(played)
        _, bob, visitor = run.everybody
        visitor.hung_up_on, visitor.broken = self.hung_up_on, not self.hung_up_on
        visitor.bad, visitor.bursts = self.bad, self.bursts
        visitor.kept, visitor.let_in = self.kept, self.let_in
        visitor.untold = self.untold
        bob.unmet, bob.writes = self.unmet, self.writes
        bob.client.connection.broken = self.cut
        return run


def without(notes, message):
    notes[:] = [note for note in notes if note[2] != message]


def exchanged(notes, one, other):
    notes[one], notes[other] = notes[other], notes[one]


def broken_off(scene):
    """Let the guest's connection break: how much of it was heard, nobody knows."""
    scene.end, scene.hung_up_on = "reset", False


def dead(scene):
    """Let the guest's connection go dead."""
    scene.end, scene.hung_up_on = "dead", False


def late(scene, seconds):
    scene.bob[1] = (1.0 + seconds, False, chat("alice", 0))


BYE = {"action": "bye", "reason": "the server stops"}
ERROR = {"action": "error", "code": "not_json", "detail": "..."}


def stopped(scene):
    """Stop the server at the end."""
    scene.stopped = True
    for notes in (scene.alice, scene.bob):
        notes.append((8.0, False, BYE))


FEW = 7 + BURST // 2  # writes: as many as may be for one burst, and what else there is


def burst(scene, writes):
    """Let the guest say much at once, and the server write so often to bob."""
    scene.more, scene.bursts, scene.writes = BURST, 1, writes
    for notes in (scene.alice, scene.bob):
        place = notes.index((5.0, False, chat("guest", 1))) + 1
        notes[place:place] = [
            (5.0, False, chat("guest", n)) for n in range(2, 2 + BURST)
        ]


def refused(scene):
    """Let the guest send what is no message, and be told so."""
    scene.bad = 1
    scene.guest.append((5.5, False, ERROR))


# What is changed in the scene, and which invariant that breaks, and no other.
BREAKING = [
    (
        "something_can_always_happen",
        lambda scene: scene.left.update(stuck="at 3 s nothing can ever happen again"),
        "at 3 s nothing can ever happen again",
    ),
    (
        "who_stays_is_attended_to",
        lambda scene: setattr(scene, "unmet", Unmet("an answer", "silence")),
        "bob: expected an answer; got silence",
    ),
    (
        "everything_is_closed",
        lambda scene: scene.left.update(open_ends=2),
        "connections that the server left open: 2",
    ),
    (
        "nothing_is_left_running",
        lambda scene: scene.left.update(tasks=["Task-7", "Task-9"]),
        "tasks still running: Task-7, Task-9",
    ),
    (
        "nothing_is_lost_between_those_who_stay",
        lambda scene: without(scene.bob, chat("alice", 1)),
        "bob hears alice say 1 of 2; missing: ['alice says 1']",
    ),
    (
        "nothing_is_lost_between_those_who_stay",
        lambda scene: exchanged(scene.bob, 1, 2),
        "bob hears alice say ['alice says 1', 'alice says 0'], and not in this order: "
        "['alice says 0', 'alice says 1']",
    ),
    (
        "nothing_is_lost_between_those_who_stay",
        lambda scene: scene.bob.append((2.0, False, chat("alice", 1))),
        "bob hears alice twice: ['alice says 0', 'alice says 1', 'alice says 1']",
    ),
    (
        "nothing_is_lost_between_those_who_stay",
        lambda scene: scene.bob.append((2.0, False, chat("alice", 7))),
        "bob hears alice say ['alice says 0', 'alice says 1', 'alice says 7'], and not "
        "in this order: ['alice says 0', 'alice says 1']",
    ),
    (
        "who_stays_is_heard_in_time",
        lambda scene: late(scene, TIMEOUT + 0.1),
        "bob hears alice 10 s after it was said",
    ),
    (
        "who_leaves_is_heard_up_to_a_point",
        lambda scene: without(scene.bob, chat("guest", 0)),
        "bob hears guest say 1 of 2; missing: ['guest says 0']",
    ),
    (
        "who_leaves_is_heard_up_to_a_point",
        lambda scene: without(scene.alice, chat("guest", 1)),
        "alice hears guest say 1 of 2; missing: ['guest says 1']",
    ),
    (
        "who_leaves_is_heard_up_to_a_point",
        lambda scene: (broken_off(scene), without(scene.bob, chat("guest", 0))),
        "bob hears guest say 1 of 2; missing: ['guest says 0']",
    ),
    (
        "nobody_hears_a_room_they_are_not_in",
        lambda scene: scene.guest.append((7.0, False, news("leave", "cleo", "milk"))),
        f"guest, in ['tea'], hears {news('leave', 'cleo', 'milk')}",
    ),
    (
        "nobody_hears_themself",
        lambda scene: scene.guest.append((7.0, False, chat("guest", 0))),
        f"guest hears {chat('guest', 0)}",
    ),
    (
        "a_relay_is_true",
        lambda scene: scene.bob.__setitem__(
            1, (1.0, False, chat("alice", 0, colour="red"))
        ),
        f"bob hears {chat('alice', 0, colour='red')}",
    ),
    (
        "a_relay_is_true",
        lambda scene: scene.bob.__setitem__(
            1, (1.0, False, {**chat("alice", 0), "from": "the queen"})
        ),
        f"bob hears { {**chat('alice', 0), 'from': 'the queen'} }",
    ),
    (
        "who_comes_also_goes",
        lambda scene: without(scene.bob, news("leave", "guest")),
        "bob never hears that guest has left tea",
    ),
    (
        "what_waits_is_bounded",
        lambda scene: scene.left.update(peak=most_unsent() + 1),
        f"{most_unsent() + 1} bytes waited for one client",
    ),
    (
        "who_stays_hears_that_it_is_over",
        lambda scene: (stopped(scene), without(scene.bob, BYE)),
        "the last message to bob is leaveroom",
    ),
    (
        "who_stays_hears_that_it_is_over",
        lambda scene: (stopped(scene), setattr(scene, "cut", True)),
        "the connection of bob is reset",
    ),
    (
        "what_is_bad_is_answered",
        lambda scene: (refused(scene), setattr(scene, "bad", 2)),
        "guest gets 1 of 2 errors",
    ),
    (
        "what_comes_at_once_is_written_at_once",
        lambda scene: burst(scene, FEW + 1),
        f"{FEW + 1} writes for {7 + BURST} messages to bob",
    ),
    (
        "who_falls_silent_is_let_go",
        lambda scene: setattr(scene, "kept", True),
        "guest is silent and still connected",
    ),
    (
        "who_falls_silent_is_let_go",
        lambda scene: scene.left.update(dead_ends=1),
        "dead connections that the server kept: 1",
    ),
    (
        "who_falls_silent_is_let_go",
        lambda scene: (dead(scene), without(scene.bob, news("leave", "guest"))),
        "bob never hears that guest has left tea",
    ),
    (
        "nobody_takes_all_places",
        lambda scene: setattr(scene, "let_in", 21),
        "guest brings 21, and all are admitted",
    ),
    (
        "nobody_takes_all_places",
        lambda scene: setattr(scene, "untold", 3),
        "guest brings 3 that get no answer",
    ),
]


@pytest.mark.parametrize(
    ("invariant", "change", "what"), BREAKING, ids=[name for name, *_ in BREAKING]
)
def test_a_run_breaks_the_invariant_that_it_should_and_no_other(
    invariant, change, what
):
    scene = Scene()
    change(scene)
    run = scene.run()
    broken = {i.name: list(i.check(run)) for i in INVARIANTS}
    assert {name: whats for name, whats in broken.items() if whats} == {
        invariant: [what]
    }


def test_there_is_no_invariant_that_cannot_be_broken():
    assert {name for name, *_ in BREAKING} == {i.name for i in INVARIANTS}


def cut_short(scene):
    """Let the guest's connection break before all its words are out."""
    broken_off(scene)
    without(scene.bob, chat("guest", 1))


ALLOWED = {
    "nothing at all": lambda scene: None,
    "words in time, just about": lambda scene: late(scene, TIMEOUT),
    "as much waits as may": lambda scene: scene.left.update(peak=most_unsent()),
    "the last words of one who breaks off are lost": cut_short,
    "a dead one is seen to go": dead,
    "own answers about a room that was left": lambda scene: scene.guest.append(
        (9.0, False, news("leave", "guest", "milk"))
    ),
    "a server that is stopped": stopped,
    "a bad message that is answered": refused,
    "a crowd of which as many are let in as may be": lambda scene: setattr(
        scene, "let_in", 20
    ),
    "a bad message of one who came when it was full": lambda scene: (
        setattr(scene, "bad", 2),
        scene.guest.append((5.5, False, {**ERROR, "code": "full"})),
    ),
    "many messages at once, in few writes": lambda scene: burst(scene, FEW),
    "a server with more actions": lambda scene: scene.bob.append(
        (9.0, False, {"action": "bye", "room": "tea"})
    ),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_run_in_which_nothing_is_wrong_breaks_nothing(change):
    scene = Scene()
    change(scene)
    run = scene.run()
    assert [what for i in INVARIANTS for what in i.check(run)] == []


# The command line.


def lab(*arguments):
    """Run ``python -m lab search`` to its end, as people do."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "lab", "search", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=PATIENT,
        check=False,
    )


@pytest.fixture
def same_hashes(monkeypatch):
    """Let the command be content with the process in which it runs."""
    monkeypatch.setenv("PYTHONHASHSEED", "0")


def test_a_search_that_finds_nothing_says_how_many_seeds_it_has_played():
    done = lab("05", "--seeds", "40")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"server05: 40 seeds in \d+\.\d s \(\d+ a second\), nothing found\n",
        done.stdout,
    )


def test_what_was_found_can_be_played_again_by_another_process(tmp_path):
    file = tmp_path / "my server.py"
    file.write_bytes(find("leaves_when_all_went_well").step.path.read_bytes())
    at_once = tmp_path / "at once.svg"
    names = ["gone", "rubbish"]
    options = [word for name in names for word in ("--fault", name)]
    options += ["--first", "10", "--seeds", "90", "--jobs", "2"]
    done = lab("05", str(file), *options, "--picture", str(at_once))
    assert (done.returncode, done.stderr) == (1, "")
    *words, counted, again = done.stdout.splitlines()
    assert re.match(r"my server, seed \d+: who_comes_also_goes", words[0])
    seed = int(re.search(r"seed (\d+)", words[0])[1])
    assert re.match(rf"{seed - 9} seeds in \d+\.\d s \(\d+ a second\)", counted)
    head, _, line = again.partition(": python -m lab search ")
    assert head == "Play it again"
    picture = tmp_path / "story.svg"
    replay = shlex.split(line.replace("story.svg", shlex.quote(str(picture))))
    played = lab(*replay)
    assert (played.returncode, played.stderr) == (1, "")
    assert played.stdout.splitlines()[: len(words)] == words
    story_told = played.stdout.partition("  what was sent and heard:\n")[2]
    assert "    guest " in story_told
    svg = ElementTree.parse(picture).getroot()
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    told = " ".join(svg.get("aria-label").split())
    assert told == " ".join(story_told.split())
    assert picture.read_text() == at_once.read_text()


def test_the_order_of_sets_is_the_same_in_every_search(tmp_path):
    file = tmp_path / "server.py"
    says_so = "            raise LookupError(hash('tea'))\n            relay = {"
    file.write_text(changed("            relay = {", says_so))
    done = lab("05", str(file), "--seed", "0")
    (told,) = re.findall(r"last complaint: LookupError: (.+)", done.stdout)
    shown = subprocess.run(
        [sys.executable, "-c", "print(hash('tea'))"],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert told == shown.stdout.strip()


def test_what_was_found_is_written_as_a_scene(tmp_path, same_hashes, capsys):
    file = tmp_path / "story.json"
    words = ["search", "05", "broken/echoes", "--seed=0", "--scene", str(file)]
    assert main(words) == 1
    scene = json.loads(file.read_text(encoding="utf-8"))
    assert scene["title"].startswith("echoes, seed 0: ")
    assert scene["seed"] == 0
    assert [mark["name"] for mark in scene["marks"]] == ["broken"]
    assert "echoes.py" in [shown["n"] for shown in scene["files"]]


def test_a_picture_that_cannot_be_written_is_said_in_one_line(
    tmp_path, same_hashes, capsys
):
    picture = str(tmp_path / "nowhere" / "story.svg")
    words = ["search", "05", "broken/echoes", "--seed=0", "--picture", picture]
    assert main(words) == 2
    why = os.strerror(errno.ENOENT)
    assert capsys.readouterr().err == f"lab: {picture} cannot be written: {why}\n"


def test_troubles_are_listed(capsys):
    assert main(["search", "--faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(FAULTS)
    for fault, line in zip(FAULTS, lines, strict=True):
        assert line.split(maxsplit=2) == [
            fault.name,
            fault.since,
            fault.sentence,
        ]


FILES = {
    "no_main.py": "x = 1\n",
    "no_port.py": "async def main():\n    pass\n",
    "no_python.py": "x = (\n",
    "no_text.py": "x = '\xff'\n",
    "imports.py": "import nowhere\nasync def main(host, port): pass\n",
    "exits.py": "async def main(host, port): pass\nraise SystemExit(3)\n",
    "ends.py": "async def main(host='', port=0): pass\n",
    "fails.py": "async def main(host='', port=0): 1 / 0\n",
    "silent.py": (
        "import asyncio\n"
        "async def main(host='', port=0):\n"
        "    async with await asyncio.start_server(print, host, port) as server:\n"
        "        await server.serve_forever()\n"
    ),
    "server06.py": (STEPS / "server05.py").read_text(encoding="utf-8"),
}
REFUSED = {
    "99": "there is no step '99'; the steps are server01, ",
    "server5": "there is no step 'server5'; the steps are server01, ",
    "01": "server01 does not listen: no crowd can come to it",
    "utils01": "utils01 does not listen: no crowd can come to it",
    "client01": "client01 does not listen: no crowd can come to it",
    "server06.py": "the step comes first: python -m lab search 05 mine.py",
    "no_main.py": "the step comes first: python -m lab search 05 mine.py",
    "05 nowhere.py": "there is no file ",
    "05 .": "there is no file ",
    "05 no_main.py": "no_main.py has no main(host, port): nobody can call it",
    "05 no_port.py": "no_port.py has no main(host, port): nobody can call it",
    "05 no_python.py": "no_python.py, line 1: '(' was never closed",
    "05 no_text.py": "no_text.py, line 1: ",
    "05 imports.py": "cannot be started: imports.py, line 1: ModuleNotFoundError: No ",
    "05 exits.py": "exits.py cannot be started: exits.py, line 2: SystemExit: 3",
    "05 ends.py": "ends.py cannot be started: OSError: ends ended at once",
    "05 fails.py": "cannot be started: fails.py, line 1: ZeroDivisionError: division",
    "05 silent.py": "cannot be started: it never printed 'Listening on HOST:PORT'",
    "05 --fault rain": "there is no fault 'rain'; there are late, pieces, ",
    "05 --seeds -1": "argument --seeds: a number is wanted, not -1",
    "05 --seeds many": "argument --seeds: a number is wanted, not many",
    "05 --seed 1.5": "argument --seed: a number is wanted, not 1.5",
    "05 --first ": "argument --first: a number is wanted, not ",
    "05 --jobs none": "argument --jobs: a number is wanted, not none",
    "05 --dance": "unrecognized arguments: --dance",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_cannot_be_searched_is_refused_in_one_clear_line(
    tmp_path, capsys, arguments
):
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    words = [
        str(tmp_path / word) if word.endswith(".py") or word == "." else word
        for word in arguments.split(" ")
    ]
    try:
        status = main(["search", *words])
    except SystemExit as end:  # argparse ends by itself
        status = end.code
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    *usage, line = captured.err.splitlines()
    assert re.match(r"(lab|python -m lab search: error): ", line)
    assert not usage or usage[0].startswith("usage: python -m lab search STEP")
    assert REFUSED[arguments] in line


def test_without_a_step_it_says_how_it_is_used(capsys):
    assert main(["search"]) == 2
    head, *usage = capsys.readouterr().err.splitlines()
    assert head == "lab: a step is to be named:"
    assert usage[0].strip().startswith("python -m lab search STEP")


def test_a_file_that_cannot_be_stopped_can_be_searched_all_the_same(
    tmp_path, same_hashes, capsys
):
    file = tmp_path / "stubborn.py"
    *change, invariant = WRONG["starts a task that nobody can end"]
    file.write_text(changed(*change))
    assert main(["search", "05", str(file), "--seed", "0"]) == 1
    assert invariant in capsys.readouterr().out


def test_the_file_of_a_step_of_ours_is_a_step(same_hashes, capsys):
    file = str(STEPS / f"{LAST.name}.py")
    assert main(["search", file, "--seed", "3"]) == 0
    assert "1 seeds in" in capsys.readouterr().out


def test_a_file_may_be_called_like_a_step_that_is_to_come(tmp_path, same_hashes):
    file = tmp_path / "server06.py"
    file.write_text(FILES["server06.py"], encoding="utf-8")
    assert main(["search", "05", str(file), "--seed", "0"]) == 0


def test_a_file_is_held_to_the_step_that_is_named():
    echoes = find("echoes").step
    assert search.search(echoes, range(5), like=story.find("04")).found is None
    assert search.search(echoes, range(5), like=story.find("05")).found is not None
