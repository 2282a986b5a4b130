"""What a terminal may be shown, and how what is typed there is read."""

import asyncio
import io
import os
import sys
import threading
import unicodedata

import pytest
import terminal

PATIENT = 30.0  # seconds for what has to happen: a busy machine is no failure

AS_SENT = {
    "French": "Bonjour\u202f! Ça va\xa0?",
    "Japanese": "こんにちは\u3000世界",
    "Persian": "می\u200cخواهم",  # noqa: RUF001
    "Hindi": "क्\u200dष",
    "Arabic, with a mark in it": "مرحبا\u0651",
    "a word with a soft hyphen": "Donau\xaddampf",
    "an emoji of several": "👩\u200d💻",
    "an emoji with its style": "❤\ufe0f",
    "a flag": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a character of the future": "\u0378",
    "a character of one's own": "\ue000",
    "a backslash": r"C:\new\table",
    "a word joiner": "a\u2060b",
}

COMMANDS = {
    "\x1b[2J": r"\x1b[2J",
    "\r\n\t\b\0\x7f": r"\r\n\t\x08\x00\x7f",
    "\x9b1m\x85": r"\x9b1m\x85",
    "\u2028\u2029": r"\u2028\u2029",
    "\ud800\udfff": r"\ud800\udfff",
    "\u202eevil\u202c": r"\u202eevil\u202c",
    "\u2066\u2067\u2068\u2069": r"\u2066\u2067\u2068\u2069",
    "\u200e\u200f\u061c": r"\u200e\u200f\u061c",
}


@pytest.mark.parametrize("text", AS_SENT.values(), ids=AS_SENT)
def test_text_is_shown_as_it_was_sent(text, capsys):
    terminal.show(text)
    assert capsys.readouterr().out == f"{text}\n"


@pytest.mark.parametrize(("text", "seen"), COMMANDS.items(), ids=COMMANDS.values())
def test_what_commands_a_terminal_is_seen_and_not_obeyed(text, seen, capsys):
    terminal.show(f"a{text}z")
    assert capsys.readouterr().out == f"a{seen}z\n"


def test_no_character_at_all_can_command_a_terminal():
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    turns = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    every = map(chr, range(sys.maxunicode + 1))
    unassigned = {"Cn", "Co"}  # most of them
    everything = "".join(c for c in every if unicodedata.category(c) not in unassigned)
    seen = terminal.visible(everything)
    assert not [c for c in seen if unicodedata.category(c) in kinds]
    assert not [c for c in seen if unicodedata.bidirectional(c) in turns]


class Output(io.TextIOWrapper):
    """Standard output with this encoding, into the memory."""

    def __init__(self, encoding):
        super().__init__(io.BytesIO(), encoding)


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [("ascii", rb"\u8336 \U0001f375"), ("cp1252", rb"\u8336 \U0001f375")],
)
def test_letters_that_a_terminal_lacks_are_no_reason_to_die(
    encoding, seen, monkeypatch
):
    output = Output(encoding)
    monkeypatch.setattr(sys, "stdout", output)
    terminal.show("茶 🍵")
    assert output.buffer.getvalue().strip() == seen


def test_an_output_that_has_gone_is_a_problem(monkeypatch):
    closed = Output("utf-8")
    closed.close()
    for output in (None, closed):
        monkeypatch.setattr(sys, "stdout", output)
        with pytest.raises(terminal.Problem, match="Cannot print"):
            terminal.show("hello")


class Shell(io.TextIOBase):
    """An input that is no file, as in IDLE."""

    def __init__(self, *lines):
        self.left = list(lines)

    def readline(self, most=-1):
        line = self.left.pop(0) if self.left else ""
        if isinstance(line, Exception):
            raise line
        return line


async def typed_from(stdin):
    """Return the lines that come from this, and what went wrong in the end."""
    lines = []
    typed = terminal.Typed()
    try:
        async with asyncio.timeout(PATIENT):
            while (line := await typed.next_line()) is not None:
                lines.append(line)
    except terminal.Problem as problem:
        return lines, str(problem)
    return lines, ""


@pytest.fixture
def stdin(tmp_path, monkeypatch):
    """Return a function that puts bytes where what is typed comes from."""
    opened = []

    def put(data, encoding="utf-8"):
        file = tmp_path / "typed"
        file.write_bytes(data)
        opened.append(file.open(encoding=encoding))
        monkeypatch.setattr(sys, "stdin", opened[-1])
        return opened[-1]

    yield put
    for file in opened:
        file.close()


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"one\ntwo", ["one", "two"]),
        (b"one\r\n\ntwo\r\n", ["one", "", "two"]),
        (b"\xff\xe4\n", ["��"]),
        ("\ufeffGrüße\n".encode(), ["Grüße"]),
        ("\ufeffGrüße\n".encode("utf-16-le"), ["Grüße"]),
        ("\ufeffGrüße\n".encode("utf-16-be"), ["Grüße"]),
        ("one\n\ufefftwo".encode(), ["one", "\ufefftwo"]),
        (b"\xef\xbb\xbf", []),
        (b"a\0b\n", ["a\0b"]),
    ],
    ids=repr,
)
async def test_lines_are_read_whatever_a_file_begins_with(stdin, data, lines):
    assert await typed_from(stdin(data)) == (lines, "")


async def test_lines_have_the_encoding_of_the_input(stdin):
    assert await typed_from(stdin(b"Gr\xfc\xdfe\n", "latin-1")) == (["Grüße"], "")


async def test_an_encoding_that_does_not_fit_is_a_problem(stdin):
    lines, problem = await typed_from(stdin(b"hello\n", "utf-16"))
    assert lines == []
    assert problem.startswith("The input cannot be read: ")
    assert problem.endswith("tream does not start with BOM.")


async def test_of_a_line_that_is_too_long_only_the_begin_is_kept(stdin, monkeypatch):
    monkeypatch.setattr(terminal, "LONGEST", 4)
    data = b"abc\nabcdefghijklmno\nabcd\nabcde"
    assert await typed_from(stdin(data)) == (["abc", "abcd", "abcd", "abcd"], "")


@pytest.mark.parametrize(
    ("stdin", "lines", "problem"),
    [
        (None, [], "there is no standard input"),
        (Shell("one\n", "two"), ["one", "two"], ""),
        (Shell("one\n", OSError("on purpose")), ["one"], "on purpose"),
        (Shell("one\n", RuntimeError("a notebook")), ["one"], "a notebook"),
        (object(), [], "no attribute 'readline'"),
    ],
    ids=["none", "no file", "fails", "fails as in a notebook", "no input at all"],
)
async def test_whatever_the_input_is_it_ends(monkeypatch, stdin, lines, problem):
    monkeypatch.setattr(sys, "stdin", stdin)
    came, told = await typed_from(stdin)
    assert came == lines
    assert problem in told
    assert bool(problem) == bool(told)


@pytest.mark.skipif(sys.platform == "win32", reason="opens no folder")
@pytest.mark.parametrize("kind", ["folder", "write-only"])
async def test_what_cannot_be_read_is_a_problem(tmp_path, monkeypatch, kind):
    flags = os.O_WRONLY | os.O_CREAT if kind == "write-only" else os.O_RDONLY
    number = os.open(tmp_path / "file" if kind == "write-only" else tmp_path, flags)
    try:
        stdin = Shell()
        stdin.fileno = lambda: number
        monkeypatch.setattr(sys, "stdin", stdin)
        lines, problem = await typed_from(stdin)
    finally:
        os.close(number)
    assert lines == []
    assert problem.startswith("The input cannot be read: [Errno")


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe blocks there")
def test_an_input_that_does_not_block_is_made_to_block(monkeypatch):
    # Else a moment without a line is taken for the end.
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(reading) as stdin, os.fdopen(writing, "w") as keyboard:
        print("hello", file=keyboard, flush=True)
        monkeypatch.setattr(sys, "stdin", stdin)
        assert terminal.standard_input().readline() == "hello\n"
        assert os.get_blocking(reading)


async def test_no_line_is_read_before_the_last_one_has_been_taken(monkeypatch):
    shell = Shell(*(f"{n}\n" for n in range(1000)))
    monkeypatch.setattr(sys, "stdin", shell)
    typed = terminal.Typed()
    for number in range(100):
        async with asyncio.timeout(PATIENT):
            assert await typed.next_line() == f"{number}"
        # Taken are these; one waits to be taken, one to be put there.
        assert len(shell.left) >= 1000 - (number + 1) - 2


async def test_to_give_up_waiting_for_a_line_loses_none(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "w") as keyboard:
        monkeypatch.setattr(sys, "stdin", stdin)
        typed = terminal.Typed()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await typed.next_line()
        print("hello", file=keyboard, flush=True)
        async with asyncio.timeout(PATIENT):
            assert await typed.next_line() == "hello"
        keyboard.close()
        async with asyncio.timeout(PATIENT):
            assert await typed.next_line() is None


async def test_a_line_typed_when_all_is_over_disturbs_nobody(monkeypatch):
    reading, writing = os.pipe()
    before = set(threading.enumerate())

    async def begin():
        terminal.Typed()

    with os.fdopen(reading) as typed, os.fdopen(writing, "w") as keyboard:
        monkeypatch.setattr(sys, "stdin", typed)
        await asyncio.to_thread(asyncio.run, begin())
        (reader,) = (t for t in threading.enumerate() if t.daemon and t not in before)
        print("too late", file=keyboard, flush=True)
        reader.join(PATIENT)
        assert not reader.is_alive()
