// Every notebook in JupyterLite, from its first cell to its last; or those alone that
// are named, as in NOTEBOOKS="01_starting the_simulation".

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";

import { ROOT, named, names, unwanted } from "./book.mjs";
import { browse } from "./browser.mjs";
import { until } from "./until.mjs";

const PATIENCE = 210_000; // ms: the longest takes 70 s on a machine that does little else
const DONE = /^\[\d+\]:$/;

const here = browse();

function prompts(page) {
  const all = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt");
  return async () => (await all.allTextContents()).map((text) => text.trim());
}

async function runAll(page) {
  await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor();
  // Before there is a Python, the menu does nothing.
  await page.locator(".jp-Toolbar-kernelName").getByText("Python (Pyodide)").waitFor();
  await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor();
  await page.getByRole("menuitem", { name: "Run", exact: true }).click();
  await page.getByText("Run All Cells", { exact: true }).click();
}

/** The numbers of the cells, when all have one. */
async function numbers(page, error) {
  const all = (found) => found.length > 0 && found.every((prompt) => DONE.test(prompt));
  const asked = prompts(page);
  // A cell that fails keeps those after it from running: no need to wait for them.
  const ask = async () => ((await error.count()) > 0 ? "an error" : await asked());
  return until("every cell to run", ask, (found) => found === "an error" || all(found), PATIENCE);
}

const every = names(path.join(ROOT, "notebooks"), ".ipynb").map((name) => path.basename(name, ".ipynb"));

test("the notebooks that were named are there", () => {
  assert.deepEqual(named("NOTEBOOKS").filter((name) => !every.includes(name)), []);
});

for (const name of every) {
  test(`${name} runs to its end in the browser`, { skip: unwanted("NOTEBOOKS", name) }, async () => {
    const address = `/lite/lab/index.html?path=notebooks/${name}.ipynb`;
    await here.visit(address, { viewport: { width: 1280, height: 1400 } }, async (page) => {
      const error = page.locator(["stderr", "error"].map((kind) => `.jp-OutputArea-output[data-mime-type$="${kind}"]`).join());
      await runAll(page);
      const found = await numbers(page, error);
      assert.deepEqual(await error.allTextContents(), []);
      assert.deepEqual(found, found.map((_, place) => `[${place + 1}]:`));
    });
  });
}
