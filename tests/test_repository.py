"""What is handed on with the repository: no trace of the machine it was written on."""

import json
import os
import re
import subprocess
import tomllib

import pytest

from lab.story import ROOT

# Each is written so that it does not find itself.
TRACES = {
    "an address of a package index": r"index[-_]url|find[-_]links|/simpl[e]\b",
    "a setting of a package index": r"\bregistry *=(?!=)",
    "a path as an address": r"file:/[/]",
    "a path of one machine": r"(?<![\w.~}>-])/(?:root|home|work|tmp|Users)/",
}

# What may stand there all the same: a file, the very text, and why. None so far.
ALLOWED: dict[tuple[str, str], str] = {}

WALKED_PAST = {"build", "__pycache__", "node_modules"}  # and whatever begins with a dot


def handed_on():
    """Return the files that git tracks; without git all that are not hidden."""
    try:
        names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
        found = [name for name in names.split("\0") if (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        found = []
    # An archive that was unpacked has no history, and perhaps there is no git at all.
    return found or sorted(walked())


def walked():
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in WALKED_PAST and f[0] != "."]
        for file in files:
            yield os.path.relpath(os.path.join(folder, file), ROOT).replace(os.sep, "/")


FILES = handed_on()


def traces(text):
    """Yield the traces in a text, as the rule and what was found."""
    for rule, pattern in TRACES.items():
        for found in re.finditer(pattern, text, re.IGNORECASE):
            yield rule, found[0]


LOCKS = ("requirements.txt", "bench/requirements.txt")


def requirements(lock):
    """Return each entry of a lock: the requirement, then its options."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split() for line in lines.splitlines() if line.strip()]


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def normalized(name):
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name)[0]).lower()


def test_no_file_names_an_index_or_a_path_of_a_machine():
    for name in FILES:
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        found = [trace for trace in traces(text) if (name, trace[1]) not in ALLOWED]
        assert found == [], name


@pytest.mark.parametrize(
    "text",
    [
        "--" + "index" + "-url https://example.org",
        "UV_" + "INDEX" + "_URL",
        "find" + "-links = x",
        "https://example.org/" + "simple" + "/",
        "registry" + "=https://example.org",
        "file:" + "///etc",
        "cd /" + "root/x",
        '"/' + 'home/x"',
        "(/" + "tmp/x)",
    ],
)
def test_the_search_for_traces_finds_them(text):
    assert list(traces(text))


@pytest.mark.parametrize(
    "text",
    ["https://example.org/home/x", "registry == []", "a simple file", "../work/x"],
)
def test_the_search_for_traces_finds_nothing_else(text):
    assert not list(traces(text))


def test_what_is_allowed_is_still_there():
    for (name, text), reason in ALLOWED.items():
        assert text in (ROOT / name).read_text(encoding="utf-8")
        assert reason


def test_no_lock_file_that_names_a_host_is_handed_on():
    names = [name.rpartition("/")[2] for name in FILES]
    assert not [
        name for name in names if re.fullmatch(r"uv\.lock|pylock.*\.toml", name)
    ]


def test_nothing_that_was_built_is_handed_on():
    built = re.compile(r"(^|/)(build|__pycache__|\.venv[^/]*|\.ipynb_checkpoints)/")
    assert [name for name in FILES if built.search(name)] == []


def wanted(lock):
    """Return what a lock is made of."""
    if lock == "bench/requirements.txt":
        return project()["dependency-groups"]["bench"]
    return project()["project"]["dependencies"]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_has_a_hash(lock):
    for requirement, *rest in requirements(lock):
        assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==\S+", requirement)
        hashes = [option for option in rest if option.startswith("--hash=")]
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", h) for h in hashes)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_in_its_lock(lock):
    locked = {normalized(requirement) for requirement, *_ in requirements(lock)}
    names = {normalized(name) for name in wanted(lock)}
    assert names
    assert names <= locked


@pytest.mark.parametrize(
    ("lock", "list_"), [(LOCKS[0], "dependencies"), (LOCKS[1], "bench")]
)
def test_every_dependency_has_a_reason(lock, list_):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    start = text.index(f"\n{list_} = [\n")
    block = text[start : text.index("\n]", start)]
    lines = [line for line in block.splitlines() if '"' in line.partition("#")[0]]
    assert len(lines) == len(wanted(lock))
    for line in lines:
        assert re.fullmatch(r' +"[^"]+", +# .{5,}', line), line


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".ipynb")])
def test_a_notebook_holds_no_outputs(name):
    notebook = json.loads((ROOT / name).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
