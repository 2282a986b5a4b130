// All steps on Pyodide, the newest Python that we have, without a browser.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { BOOK, ROOT } from "./book.mjs";

const PYODIDE = path.join(BOOK, "lite", "static", "pyodide");

let python;

/** Copy the programs in a folder of the repository to where Python finds them. */
function put(folder) {
  for (const entry of readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".py")) continue;
    const file = path.join(entry.parentPath, entry.name);
    const copy = path.posix.join("/book", path.relative(ROOT, file).replaceAll(path.sep, "/"));
    python.FS.mkdirTree(path.posix.dirname(copy));
    python.FS.writeFile(copy, readFileSync(file));
  }
}

/** Run a program and return what its last line means. */
async function value(program) {
  const found = await python.runPythonAsync(program);
  const copy = found.toJs();
  found.destroy();
  return copy;
}

before(async () => {
  const { loadPyodide } = await import(pathToFileURL(path.join(PYODIDE, "pyodide.mjs")));
  python = await loadPyodide({ packages: [], indexURL: PYODIDE });
  ["lab", "steps"].forEach(put);
  await python.runPythonAsync('import sys; sys.path[:0] = ["/book", "/book/steps"]');
});

test("every step has the behaviours that it should have, and no others", async (t) => {
  const [version, put, wrong] = await value(`
import sys
from lab import behaviours, story
from lab.judge import put_in_simulation
from lab.notyet import NotYet

def kept(behaviour, step, wanted):
    try:
        put_in_simulation(behaviour, step, 10 if wanted else 0.25)
    except NotYet:
        return False
    return True

put, wrong = 0, []
servers = [step for step in story.steps() if step.kind in ("server", "side")]
for step in servers:
    for behaviour in behaviours.every():
        wanted = behaviours.holds(behaviour, step)
        put += 1
        if kept(behaviour, step, wanted) != wanted:
            wrong.append(f"{step.name}: {behaviour.name}, wanted: {wanted}")
[sys.version.split()[0], put, wrong]
`);
  t.diagnostic(`Python ${version}: ${put} behaviours on steps`);
  assert.ok(put > 100);
  assert.deepEqual(wrong, []);
});

test("every step is a program that Ctrl-C ends without an error", async () => {
  const ends = await value(`
from lab import simulation, story
servers = [step for step in story.steps() if step.kind in ("server", "side")]
ended = [simulation.run_file(step.path, ctrl_c_at=10.0) for step in servers]
[[end.status, end.errors, bool(end.output)] for end in ended]
`);
  assert.ok(ends.length > 0);
  for (const end of ends) assert.deepEqual(end, [0, "", true]);
});

test("a search finds nothing in the last step", async () => {
  const [seeds, found] = await value(`
from lab import search, story
searched = search.search(story.steps_of("server")[-1].number, range(20))
[searched.seeds, str(searched.found or "")]
`);
  assert.deepEqual([seeds, found], [20, ""]);
});

test("the streams of asyncio work on the network in memory", async () => {
  const heard = await value(`
import asyncio
from lab import network, start
network.install(asyncio.get_running_loop())
server = await start("05")
alice, bob = await server.connect("alice"), await server.connect("bob")
await alice.join("tea")
await bob.join("tea")
await alice.say("tea", "hello")
heard = await bob.hear("chat")
await server.stop()
[heard["from"], heard["message"]]
`);
  assert.deepEqual(heard, ["alice", "hello"]);
});
