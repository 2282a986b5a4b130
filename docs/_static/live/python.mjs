// Starts Python for the programs of a page, with the book in it.
//
// The book's build takes a snapshot of the memory of a Python that has imported the lab
// (see docs/_ext/sphinx_book/snapshot.py). A page that loads it has Python in a third of the
// time. If anything is wrong with the snapshot, Python starts as it does without one.

const beside = (name) => new URL(name, import.meta.url).href;
const BOOK = "/book"; // where Python finds the files
const STDLIB = "python_stdlib.zip";

/**
 * Start Python and return it as `python`; `snapshot` tells whether it came from one.
 *
 * `pyodide` is the address of its folder. `fetching` is called with the bytes to fetch.
 */
export async function startPython({ pyodide, fetching }) {
  const [manifest, { loadPyodide, version }] = await Promise.all([whatThereIs(), import(new URL("pyodide.mjs", pyodide).href)]);
  const say = (way) => fetching(Object.values(manifest.fetched[way]).reduce((sum, size) => sum + size, 0));
  const load = (options) => loadPyodide({ indexURL: pyodide, ...options });
  if (manifest.snapshot && manifest.pyodide === version && globalThis.DecompressionStream) {
    try {
      say("snapshot");
      return { python: await fromSnapshot(manifest, pyodide, load), snapshot: true };
    } catch (error) {
      console.info(`Python starts without the snapshot: ${error}`);
    }
  }
  say("start");
  return { python: await fromNothing(manifest, load), snapshot: false };
}

/** What the build says of the Python of this site, past every cache: it names the files that belong together. */
async function whatThereIs() {
  try {
    return await (await got(beside("python.json"), { cache: "no-cache" })).json();
  } catch {
    return { fetched: { start: {} } };
  }
}

async function got(address, options) {
  const response = await fetch(address, options);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}

async function fromNothing({ book }, load) {
  // The hash is in the address so that a cache never answers with an older book.
  const address = beside(book ? `book.zip?${book}` : "book.zip");
  const [python, archive] = await Promise.all([load(), got(address).then((response) => response.arrayBuffer())]);
  python.unpackArchive(archive, "zip", { extractDir: BOOK });
  python.runPython(`
import os, sys
sys.path[:0] = ["${BOOK}", "${BOOK}/steps"]
os.chdir("${BOOK}")
`);
  return python;
}

async function fromSnapshot({ snapshot, key, fetched }, pyodide, load) {
  const unpacked = unpack(snapshot, key);
  const memory = unpacked.then((parts) => parts.memory);
  memory.catch(() => {}); // Pyodide awaits it later; until then the browser would report an error
  const python = await load({
    _loadSnapshot: memory,
    stdLibURL: "data:,", // all that is imported at the start is in the snapshot
  });
  later(python.FS, "/lib/python314.zip", new URL(STDLIB, pyodide).href, fetched.start[STDLIB]);
  const { files } = await unpacked;
  put(python.FS, files);
  python.FS.chdir(BOOK);
  python.runPython("from lab import cells, network, snapshot; snapshot.wake(); del cells, network, snapshot");
  return python;
}

/** Fetch a snapshot and take it apart: a line of JSON, the memory, and the files of the book. */
async function unpack(name, wanted) {
  const { body } = await got(beside(name));
  const stream = body.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const end = bytes.indexOf(10) + 1;
  const { key, memory, files } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  if (key !== wanted) throw new Error(`the snapshot is ${key}, and should be ${wanted}`);
  let at = end + memory;
  const contents = files.map(([path, size]) => [path, bytes.subarray(at, (at += size))]);
  return { memory: bytes.subarray(end, end + memory), files: contents };
}

/** Write the files of the book: the memory of Python has none. */
export function put(FS, files) {
  const made = new Set();
  for (const [name, content] of files) {
    const path = `${BOOK}/${name}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(folder)) FS.mkdirTree(folder);
    made.add(folder);
    FS.writeFile(path, content);
  }
}

/** Make a file that is fetched when Python reads in it for the first time, if it ever does. */
function later(FS, path, address, size) {
  const { node } = FS.lookupPath(path);
  let content = null;
  // Python looks at the size of the file without reading in it.
  Object.defineProperties(node, { contents: { get: () => (content ??= now(address)) }, usedBytes: { value: size } });
}

/** Fetch something while Python waits, which a worker may do. */
function now(address) {
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${address}: ${request.status}`);
  return new Uint8Array(request.response);
}
