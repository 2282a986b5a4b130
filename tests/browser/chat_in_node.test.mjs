// The chat without a browser: the same Python, in node.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { BOOK } from "./book.mjs";

test("a chat is played in node", async () => {
  const folder = path.join(BOOK, "lite", "static", "pyodide");
  const { loadPyodide } = await import(path.join(folder, "pyodide.mjs"));
  const python = await loadPyodide({ indexURL: folder });
  const archive = readFileSync(path.join(BOOK, "_static", "live", "book.zip"));
  python.unpackArchive(new Uint8Array(archive), "zip", { extractDir: "/book" });
  python.runPython('import sys; sys.path[:0] = ["/book", "/book/steps"]');
  const told = [];
  const player = python.pyimport("lab.play.player").Player((text) => told.push(JSON.parse(text)));
  const take = (message) => player.take(JSON.stringify(message));
  take({ type: "open", step: "06" });
  take({ type: "fault", name: "pause", who: "bob" });
  take({ type: "say", who: "alice", text: "hello" });
  player.tick(1);
  const heard = told.flatMap(({ events = [] }) => events).filter(({ kind, message }) => kind === "heard" && message.action === "chat");
  assert.deepEqual(heard.map(({ who, message }) => [who, message.message]), [["cleo", "hello"]]);
  assert.equal(told.at(-1).state.people.bob.wire, 3 + '{"action": "chat", "room": "tea", "message": "hello", "from": "alice"}'.length);
  take({ type: "scene" });
  assert.equal(told.at(-1).scene.marks.at(-1).title, "Alice says 'hello'");
  player.close();
});
