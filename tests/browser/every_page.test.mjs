// Every page, before anything in it is run. PAGES as for the programs.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";

import { pages, unwanted } from "./book.mjs";
import { browse, faults, tooWide } from "./browser.mjs";

const MOST = 500_000; // bytes that a page may weigh with all that it loads
const PHONE = { viewport: { width: 390, height: 844 } };

const here = browse();
const weights = [];

for (const address of pages) {
  const skip = unwanted("PAGES", path.basename(address, ".html"));
  test(`${address} is light, fits a phone, and can be read by everybody`, { skip }, async () => {
    const before = here.served().length;
    await here.visit(address, PHONE, async (page) => {
      await page.waitForLoadState("networkidle"); // the front page leads to another
      const weight = here.served().slice(before).reduce((sum, { size }) => sum + size, 0);
      weights.push([weight, address]);
      assert.ok(weight < MOST, `${weight} bytes`);
      assert.equal(await tooWide(page), 0);
      assert.deepEqual(await faults(page), []);
    });
  });
}

test("how much the pages weigh", (t) => {
  weights.sort(([one], [other]) => one - other);
  for (const [weight, address] of [weights.at(0), weights.at(-1)]) {
    t.diagnostic(`${address}: ${Math.round(weight / 1000)} KB with all that it loads`);
  }
});
