// Check, in Your turn: the report on what a reader may hand in. PAGES as for the programs.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";

import { html, livePages, step, unwanted } from "./book.mjs";
import { browse } from "./browser.mjs";
import { Cell } from "./cell.mjs";

const here = browse();

const exercises = livePages.flatMap((page) => {
  const found = html(page).match(/id="([\w-]+)" data-title="[^"]+" data-check="(\d\d)"/);
  return found ? [{ page, id: found[1], number: found[2] }] : [];
});

async function checked(cell, source) {
  if (source !== undefined) await cell.write(source);
  await cell.press("Check");
  await cell.ends();
  return await cell.said();
}

test("there are exercises", () => assert.ok(exercises.length > 3));

for (const { page: address, id, number } of exercises) {
  const skip = unwanted("PAGES", path.basename(address, ".html"));
  test(`Check on ${address} tells what is right from what is not`, { skip }, async () => {
    await here.visit(address, {}, async (page) => {
      const cell = new Cell(page, id);
      const beginning = await checked(cell);
      // The first of them has no port yet: there is nothing to put to the behaviours. The
      // second is the step of its page, to be broken on purpose.
      if (address.endsWith("/01-starting.html")) assert.match(beginning, /^It cannot be checked: .* no main\(host, port\)/);
      else if (number === "02") assert.match(beginning, /[1-9]\d* kept\. The server is as far as server02/);
      else assert.match(beginning, /[1-9]\d* broken.*the goal was server/);

      const ours = await checked(cell, step(`server${number}`));
      assert.match(ours, new RegExp(`[1-9]\\d* kept\\. The server is as far as server${number}`));
      assert.doesNotMatch(ours, /BROKEN|[1-9]\d* broken/);

      const misspelt = await checked(cell, "async def main(host, port)\n    pass\n");
      assert.match(misspelt, /^It cannot be checked: mine\.py, line 1: .*\n$/);
    });
  });
}

test("a Check that does not come to an end is stopped", () => {
  const [{ page: address, id }] = exercises;
  return here.visit(address, {}, async (page) => {
    const cell = new Cell(page, id);
    const spinning = "import asyncio\nasync def main(host='', port=0):\n    while True:\n        await asyncio.sleep(0)\n";
    assert.match(await checked(cell, spinning), /^It cannot be checked: .*no time has passed(.|\n)*mine: sleep in main/);

    await cell.write("async def main(host='', port=0):\n    while True:\n        pass\n");
    await cell.press("Check");
    await cell.press("Stop");
    await cell.ends();
    assert.match(await cell.said(), /^Stopped\. .*Python was started afresh/);
  });
});
