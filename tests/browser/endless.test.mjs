// Programs that do not end, print without end, or go on while another one runs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browse } from "./browser.mjs";
import { Cell, cells } from "./cell.mjs";

const PAGE = "/docs/05-delivery.html";
const MOST = 100_100; // characters that a cell shows, with the words that the rest is left out

const here = browse();

const CALL = `
import asyncio, json
reader, writer = await asyncio.open_connection("127.0.0.1", 9011)
for message in ({"action": "connect", "username": "ann"}, {"action": "joinroom", "room": "tea"}):
    text = json.dumps(message).encode()
    writer.write(len(text).to_bytes(3, "little") + text)
size = int.from_bytes(await reader.readexactly(3), "little")
print(json.loads(await reader.readexactly(size))["members"])
writer.close()
`;

/** Open a page and do something with its cells. */
function withCells(use) {
  return here.visit(PAGE, {}, async (page) => use(...(await cells(page))));
}

test("a loop that never waits is stopped, and Python is started afresh", () =>
  withCells(async (one, other) => {
    await one.run("kept = 1");
    await one.write("print('off it goes')\nwhile True: pass");
    await one.press("Run");
    await one.prints(/off it goes/);
    await one.press("Stop");
    await one.ends();
    assert.match(await one.said(), /Python was started afresh: what other cells have made is gone/);
    await other.run("print(1 + 1)\nkept");
    assert.match(await other.said(), /^2\n/);
    assert.match(await other.errors(), /NameError: name 'kept' is not defined/);
  }));

for (const [manner, pause] of [["waits", "await asyncio.sleep(0)"], ["never waits", "pass"]]) {
  test(`what a loop that ${manner} prints is bounded`, () =>
    withCells(async (one, other) => {
      await one.write(`import asyncio\nwhile True:\n    print("x" * 999)\n    ${pause}`);
      await one.press("Run");
      await one.prints(/and so on: the rest is left out\.\n$/);
      await one.press("Stop");
      await one.ends();
      const { length } = (await one.said()).replace(/Stopped\..*/s, "");
      assert.ok(length < MOST, `${length} characters`);
      await other.run("print('still there')");
      assert.equal(await other.said(), "still there\n");
    }));
}

test("a cell leaves a step running, and the next one talks to it", () =>
  withCells(async (one, other) => {
    await one.run("import asyncio, server05\nrunning = asyncio.create_task(server05.main())");
    await one.prints(/Listening on 127\.0\.0\.1:9011/);
    await other.run(CALL);
    assert.equal(await other.said(), "['ann']\n");
    await one.prints(/New client connected!/);
    await other.run("running.cancel()");
  }));

test("a step that runs in a cell answers the next one until it is stopped", () =>
  withCells(async (one, other, server) => {
    assert.equal(server.id, "live-server05-py");
    await server.press("Run");
    await server.prints(/Listening on/);
    await other.run(CALL.replaceAll("ann", "bob"));
    assert.equal(await other.said(), "['bob']\n");
    await server.prints(/New client connected!/);
    await server.press("Stop");
    await server.ends();
    await one.run(CALL);
    assert.match(await one.errors(), /ConnectionRefusedError/);
  }));

test("a program whose step is not running says which cell to run first", () =>
  here.visit(PAGE, {}, async (page) => {
    const visit = new Cell(page, "live-visit-py");
    await visit.press("Run");
    await visit.ends();
    assert.match(await visit.said(), /^server05\.py is not running: press Run under it first\.\n/);
    assert.match(await visit.errors(), /Connect call failed|refused|a server that can be called/i);
    await new Cell(page, "live-server05-py").press("Run");
    await new Cell(page, "live-server05-py").prints(/Listening on/);
    await visit.press("Run");
    await visit.ends();
    assert.match(await visit.said(), /^alice is told/);
  }));

test("Stop while Python is being fetched stops that, and Run begins anew", () =>
  withCells(async (one) => {
    await one.write("print('begun')");
    await one.press("Run");
    await one.press("Stop");
    await one.ends();
    assert.equal(await one.said(), "Stopped.\n");
    await one.press("Run");
    await one.prints(/^begun\n$/);
  }));

// C code that calls itself until the stack is full: Pyodide cannot go on after that.
const CRASH = `
import sys
sys.setrecursionlimit(10**8)
class Bottomless:
    def __getattr__(self, name):
        return getattr(self, name)
Bottomless().floor
`;
const CRASHED = /^(console|error): (Pyodide has suffered|The cause of|RangeError: Maximum call stack)/;

test("a Python that breaks down says so, and the next program has a new one", () =>
  here.visit(PAGE, { meant: CRASHED }, async (page) => {
    const [one, other] = await cells(page);
    await one.run(CRASH);
    assert.match(await one.said(), /^Python has broken down \(.+\)\. It is started afresh when you press Run/);
    await other.run("print('still there')");
    assert.equal(await other.said(), "still there\n");
  }));
