// The Python of a page: one worker, which its cells and its chat share. It is fetched
// when something is run for the first time, and not before.

const base = new URL("../", import.meta.url); // _static/
const PATIENCE = 1500; // ms for a program to stop, before Python is started afresh

/** Whether a worker can be started: from a file, none can. */
export const available = location.protocol !== "file:" && "Worker" in window;

let worker = null;
let ready = false;
let waiting = 0;
let bytes = 0; // that Python needs, cached or not: the worker knows it from the build
const listeners = new Map();

/** Call back with what the worker tells of one type; "gone" tells that it has ended. */
export function hear(type, act) {
  listeners.set(type, [...(listeners.get(type) ?? []), act]);
}

function tell(data) {
  for (const act of listeners.get(data.type) ?? []) act(data);
}

/** Whether what is sent is done at once. */
export const isReady = () => ready;

/** What to say while Python is being fetched. */
export const fetching = () => `Python is being fetched${bytes ? `: ${Math.round(bytes / 1e6)} MB, once` : ""} ...`;

/** Send a message to Python, which is started for it if there is none. */
export function send(message) {
  begin();
  worker.postMessage(message);
}

function begin() {
  if (worker) return;
  document.body.dataset.python = "loading";
  worker = new Worker(new URL("live/worker.mjs", base), { type: "module" });
  worker.onmessage = ({ data }) => tell(data);
  worker.onerror = ({ message }) => tell({ type: "broken", text: message || "no reason given" });
  worker.postMessage({
    type: "begin",
    pyodide: new URL("../lite/static/pyodide/", base).href,
  });
  tell({ type: "fetching" });
}

/** Stop the program of a cell. A worker that does not answer runs one that never waits. */
export function stop(cell) {
  if (!ready) {
    end("Stopped.");
    return;
  }
  worker.postMessage({ type: "stop", cell });
  worker.postMessage({ type: "ping" });
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    end("Stopped. The program let nobody else run, so Python was started afresh: what other cells have made is gone.");
  }, PATIENCE);
}

function end(words) {
  worker?.terminate();
  worker = null;
  ready = false;
  document.body.dataset.python = "none";
  tell({ type: "gone", words });
}

const AFRESH = "It is started afresh when you press Run; what cells have made is gone.";

hear("fetching", (told) => (bytes = told.bytes ?? bytes));
hear("ready", ({ snapshot }) => {
  ready = true;
  document.body.dataset.pythonFrom = snapshot ? "snapshot" : "start";
  document.body.dataset.python = "ready";
});
hear("failed", ({ text }) => end(`Python could not be started: ${text} ${AFRESH}`));
hear("broken", ({ text }) => end(`Python has broken down (${text}). ${AFRESH}`));
hear("pong", () => clearTimeout(waiting));
