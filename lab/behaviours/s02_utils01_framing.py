"""utils01: a stream of bytes becomes messages."""

import asyncio
from asyncio import StreamReader

from lab.behaviours import since
from lab.behaviours.bench import expect
from lab.behaviours.framing_bench import Framing
from lab.unmet import Unmet
from lab.wire import encode, frame

JOIN = {"action": "joinroom", "room": "tea"}
CHAT = {"action": "chat", "room": "tea", "message": "Grüße, 茶!"}


@since(
    "utils01", hint="read(n) returns what is there; readexactly(n) waits for all of it"
)
async def a_message_arrives_whole_however_it_is_cut(framing: Framing) -> None:
    """A message that arrives in two pieces is read whole, wherever it was cut."""
    data = encode(CHAT)
    for cut in range(len(data) + 1):
        got = await framing.received(data[:cut], data[cut:])
        expect(got, [CHAT], f"the message that was cut after {cut} bytes")


@since(
    "utils01",
    hint="read the header, then exactly as many bytes as it says, and begin again",
)
async def messages_in_one_piece_come_one_by_one(framing: Framing) -> None:
    """Messages that arrive in one piece are read one by one, in their order."""
    got = await framing.received(encode(JOIN) + encode(CHAT) + encode(JOIN))
    expect(got, [JOIN, CHAT, JOIN], "the three messages")


@since(
    "utils01",
    hint="readexactly raises IncompleteReadError at the end of the stream: return then",
)
async def a_stream_that_is_cut_off_just_ends(framing: Framing) -> None:
    """A stream that ends inside a frame still yields the messages before it."""
    data = encode(JOIN)
    for cut in range(len(data)):
        got = await framing.received(encode(CHAT) + data[:cut])
        expect(got, [CHAT], f"the messages before the one cut off after {cut} bytes")


@since("utils01", hint="do not catch CancelledError: a deadline works by cancelling")
async def a_deadline_around_new_messages_raises(framing: Framing) -> None:
    """A deadline around new_messages raises TimeoutError when it passes."""
    silent = StreamReader()
    try:
        async with asyncio.timeout(0.001):
            async for _ in framing.messages(silent):
                pass
    except TimeoutError:
        return
    raise Unmet("a TimeoutError", "a loop that ended as if the client had gone")


@since(
    "utils01",
    until="utils02",
    hint="catch JSONDecodeError around json.loads only, and go on with the next frame",
)
async def a_payload_that_is_not_json_is_passed_over(framing: Framing) -> None:
    """A payload that is not JSON is skipped; the message after it arrives."""
    got = await framing.received(frame(b"not JSON") + frame(b"") + encode(CHAT))
    expect(got, [CHAT], "the rest")


@since(
    "utils01", hint='len(payload).to_bytes(3, byteorder="little"), and then the payload'
)
async def a_message_is_sent_as_its_size_and_json(framing: Framing) -> None:
    """A message is sent as its size in three bytes, lowest first, and then as JSON."""
    data = await framing.sent(JOIN)
    size = int.from_bytes(data[:3], "little")
    expect(size, len(data) - 3, "the size in the header")
    expect(await framing.received(data), [JOIN], "the message, read back")
