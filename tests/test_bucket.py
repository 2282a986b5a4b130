"""The bucket, since server11: how fast one client may talk, and who is slowed down."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import simulation, story
from lab.host import load, start
from lab.wire import encode

quick = settings(max_examples=200, deadline=None)  # a busy machine is no failure
NEWEST = story.steps_of("server")[-1]
module = load(NEWEST)
RATE, BURST, TOO_LONG = module.RATE, module.BURST, module.TOO_FAST_TIME
CHAT = {"action": "chat", "room": "tea"}
utils04 = load(story.find("utils04"))


def new_bucket(rate=RATE):
    return utils04.Bucket(rate, BURST, TOO_LONG)


def test_a_bucket_is_full_at_first_and_then_gives_one_token_after_the_other():
    bucket = new_bucket()
    waits = [bucket.take(1000.0) for _ in range(int(BURST) + 3)]
    assert waits[: int(BURST)] == [0.0] * int(BURST)
    assert waits[int(BURST) :] == pytest.approx([1 / RATE, 2 / RATE, 3 / RATE])


@given(st.lists(st.floats(0, 5), max_size=300))
@quick
def test_nobody_is_let_through_faster_than_a_burst_and_the_rate(pauses):
    bucket, now, passed = new_bucket(), 0.0, []
    for pause in pauses:
        now += pause
        now += bucket.take(now)
        passed.append(now)
    for place, begin in enumerate(passed):
        for number, end in enumerate(passed[place:], 1):
            assert number <= BURST + RATE * (end - begin) + 1.001


@given(st.lists(st.floats(1 / RATE, 5), max_size=300))
@quick
def test_who_keeps_to_the_rate_never_waits(pauses):
    bucket, now = new_bucket(), 0.0
    for pause in pauses:
        now += pause
        assert bucket.take(now) == 0.0


def talk(pauses):
    """Talk as fast as one is let, with a rest after so many seconds.

    Return after how many it was too much; None if it never was.
    """
    bucket, now = new_bucket(), 0.0
    for pause in pauses:
        end = now + pause
        while now < end:
            try:
                now += bucket.take(now)
            except utils04.Refused:
                return now
        now += 2 / RATE
    return None


def test_who_never_rests_is_refused_after_a_while():
    assert talk([100.0]) == pytest.approx(TOO_LONG, abs=2 * (BURST + 1) / RATE)


def test_who_rests_for_a_moment_begins_anew():
    assert talk([TOO_LONG - 1] * 20) is None


def test_who_takes_each_token_when_it_comes_is_never_refused():
    bucket = new_bucket(8.0)  # an eighth of a second is no fraction
    for _ in range(int(BURST)):
        bucket.take(0.0)
    for number in range(8 * 2 * int(TOO_LONG)):
        assert bucket.take((number + 1) / 8) == 0.0
        assert bucket.tokens == 0.0


def test_what_waits_when_the_server_stops_holds_up_nobody():
    async def act():
        async with await start(NEWEST) as server:
            alice, bob = [await server.connect(name) for name in ("alice", "bob")]
            for client in (alice, bob):
                await client.join("tea")
            flood = b"".join(encode({**CHAT, "message": f"{n}"}) for n in range(250))
            await alice.connection.send(flood)
            await asyncio.sleep(1)
            begin = asyncio.get_running_loop().time()
            server.main.cancel()
            await asyncio.wait({server.main})
            assert asyncio.get_running_loop().time() - begin < 1
            for client in (alice, bob):
                await client.hear("bye")
                await client.hear_the_end()
                assert not client.connection.broken

    simulation.run(act())


def test_who_is_slowed_down_is_not_taken_for_silent_or_unfinished():
    async def act():
        async with await start(NEWEST) as server:
            alice, bob = [await server.connect(name) for name in ("alice", "bob")]
            await bob.join("tea")
            await alice.join("tea")
            number = 0
            for _ in range(10):
                many = [{**CHAT, "message": f"{number + n}"} for n in range(250)]
                number += 250
                await alice.connection.send(b"".join(map(encode, many))[:-1])
                await asyncio.sleep(24)  # less than it takes to be too fast
                await alice.connection.send(b"}")
                await asyncio.sleep(4)
            texts = [(await bob.hear("chat"))["message"] for _ in range(number)]
            assert texts == [f"{n}" for n in range(number)]
            assert {"action": "ping"} not in alice.heard

    simulation.run(act())
