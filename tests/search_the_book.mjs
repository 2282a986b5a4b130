// node tests/search_the_book.mjs SITE: asks the built book's own search. Reads a question
// from each line of stdin and prints, as JSON, the pages that it finds for each, best first.

import { readFileSync } from "node:fs";
import path from "node:path";
import vm from "node:vm";

const site = process.argv[2];
const questions = readFileSync(0, "utf8").split("\n").filter(Boolean);

// As much of a browser as the script touches before it shows anything.
const page = {
  getElementById: () => null,
  addEventListener: () => {},
  documentElement: { dataset: { content_root: "" } },
};
const browser = vm.createContext({
  document: page,
  addEventListener: () => {},
  navigator: {},
  _removeChildren: () => {},
  _ready: () => {},
  localStorage: { setItem: () => {}, getItem: () => null },
  DOCUMENTATION_OPTIONS: {},
  SPHINX_HIGHLIGHT_ENABLED: false,
  console,
});
browser.window = browser;
for (const script of ["_static/language_data.js", "_static/searchtools.js", "searchindex.js"]) {
  vm.runInContext(readFileSync(path.join(site, script), "utf8"), browser, { filename: script });
}
browser.questions = questions;
const found = vm.runInContext(
  // The best result is the last one: the script takes them off the end.
  "questions.map((question) => Search._performSearch(...Search._parseQuery(question)).reverse().map(([name]) => name))",
  browser,
);
const once = (names) => [...new Set(names)];
process.stdout.write(JSON.stringify(found.map(once)));
