// One Python for a page, in a thread of its own. Everything it loads lies beside the page.

import { startPython } from "./python.mjs";

const SLICE = 20; // ms from one slice of the chat's time to the next
const LATE = 0.25; // seconds of a slice at most: a page that sleeps is not late

let python = null;
let session = null;
let player = null; // of a chat, see lab/play

async function begin({ pyodide }) {
  const fetching = (bytes) => postMessage({ type: "fetching", bytes });
  const began = await startPython({ pyodide, fetching });
  python = began.python;
  // After some errors, in code that is not Python, nothing more can be run here.
  python._api.on_fatal = (error) => postMessage({ type: "broken", text: String(error) });
  await python.runPythonAsync(`
import asyncio, sys
from lab import network
network.install(asyncio.get_running_loop())
from lab.cells import Session
`);
  const Session = python.globals.get("Session");
  session = Session((cell, kind, text) => postMessage({ type: "printed", cell, kind, text }));
  const version = python.runPython("sys.version.split()[0]");
  postMessage({ type: "ready", version, snapshot: began.snapshot });
}

const started = new Promise((resolve, reject) => {
  addEventListener("message", ({ data }) => {
    if (data.type === "begin") begin(data).then(resolve, reject);
  }, { once: true });
});
started.catch((error) => postMessage({ type: "failed", text: String(error) }));

// The chat's loop runs in slices, so that this one goes on as well.
function chat({ text }) {
  if (!player) {
    const { Player } = python.pyimport("lab.play.player");
    player = Player((told) => postMessage({ type: "chat", text: told }));
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      player.tick(Math.min((now - last) / 1000, LATE));
      last = now;
    }, SLICE);
  }
  player.take(text);
}

const asked = {
  run: ({ cell, source, file }) => session.run(cell, source, file),
  check: ({ cell, source, step }) => session.check(cell, source, step),
};

addEventListener("message", async ({ data }) => {
  if (data.type === "begin") return;
  try {
    await started;
  } catch {
    return; // the page was told why, and starts another worker
  }
  if (data.type === "stop") {
    session.stop(data.cell);
  } else if (data.type === "ping") {
    postMessage({ type: "pong" });
  } else if (data.type === "chat") {
    chat(data);
  } else {
    const began = performance.now();
    const html = await asked[data.type](data);
    postMessage({ type: "ended", cell: data.cell, run: data.run, html, took: performance.now() - began });
  }
});
