// The book without JavaScript: it reads as if no program could be run in it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { livePages } from "./book.mjs";
import { browse } from "./browser.mjs";

const here = browse();

for (const address of livePages) {
  test(`${address} reads as a book where there are no scripts`, () =>
    here.visit(address, { javaScriptEnabled: false }, async (page) => {
      for (const cell of await page.locator("div.live").all()) {
        assert.equal((await cell.boundingBox())?.height ?? 0, 0);
      }
      // What the cells would show is there: listings, and what was printed or drawn.
      assert.ok(await page.locator("div[class*=highlight-]").first().isVisible());
      assert.ok(await page.locator(".output pre, figure.picture svg").first().isVisible());
      assert.equal(await page.getByRole("button", { name: /Run|Check/ }).count(), 0);
      assert.equal(await page.getByText("press Check").isVisible(), false);
    }));
}
