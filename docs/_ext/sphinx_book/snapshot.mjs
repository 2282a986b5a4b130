// Saves the memory of a Python that has imported the lab.
//
// node snapshot.mjs PYODIDE BOOK TARGET: the folder with Pyodide, the folder with the
// files of the book, and the file to write.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { put } from "../../_static/live/python.mjs";

const [pyodide, book, target] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(path.join(pyodide, "pyodide.mjs")));
// A page has no path of the machine that built it.
const python = await loadPyodide({ indexURL: pyodide, packages: [], _makeSnapshot: true, _sysExecutable: "python" });
const entries = readdirSync(book, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const files = entries.map((entry) => path.join(entry.parentPath, entry.name));
put(python.FS, files.map((file) => [path.relative(book, file).replaceAll(path.sep, "/"), readFileSync(file)]));
python.FS.chdir("/book");
python.runPython(`
import sys
sys.path[:0] = ["/book", "/book/steps"]
from lab import snapshot
snapshot.prepare()
sys.path[:2] = []
del snapshot, sys
`);
writeFileSync(target, python.makeMemorySnapshot());
process.exit(0); // Pyodide's loop may still wait for something
