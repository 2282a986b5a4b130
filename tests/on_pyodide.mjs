// Runs a program on Pyodide, the newest Python that we have, under node.
//
// node on_pyodide.mjs FOLDER < program: FOLDER has Pyodide in it. What the last line of
// the program means is printed as JSON. Deprecation warnings are errors.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const [folder] = process.argv.slice(2);

const { loadPyodide } = await import(pathToFileURL(path.join(folder, "pyodide.mjs")));
// A program may print: only its value belongs on the standard output.
const python = await loadPyodide({ packages: [], indexURL: folder, stdout: console.error });

/** Copy the programs in a folder of the repository to where Python finds them. */
function put(name) {
  const entries = readdirSync(path.join(ROOT, name), { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || !/\.(py|diff)$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const place = path.relative(ROOT, file).replaceAll(path.sep, "/");
    const copy = path.posix.join("/book", place);
    python.FS.mkdirTree(path.posix.dirname(copy));
    python.FS.writeFile(copy, readFileSync(file));
  }
}

["lab", "steps", "docs/examples"].forEach(put);
await python.runPythonAsync(`
import sys, warnings
sys.path[:0] = ["/book", "/book/steps"]
warnings.simplefilter("error", DeprecationWarning)
warnings.simplefilter("error", PendingDeprecationWarning)
`);
let status = 0;
try {
  const found = await python.runPythonAsync(readFileSync(0, "utf8"));
  console.log(python.pyimport("json").dumps(found));
} catch (error) {
  console.error(error.message); // and not the line of Pyodide that raised it: all of it
  status = 1;
}
process.exit(status); // Pyodide's loop may still wait for something
