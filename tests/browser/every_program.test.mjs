// Every program of every page, run in it; of some pages only if these are named, as in
// PAGES="05-delivery index".

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";

import { livePages, named, pages, unwanted } from "./book.mjs";
import { browse, faults, tooWide } from "./browser.mjs";
import { Cell, cells } from "./cell.mjs";

const PHONE = { viewport: { width: 390, height: 844 } };

const here = browse();

/** What is to be expected of a cell. */
function kind(cell) {
  return cell.box.evaluate((box) => {
    const source = box.querySelector(".live-source").textContent;
    const drawn = box.previousElementSibling.matches("figure.picture");
    const { title, check, beside } = box.dataset;
    const steps = /^server\d\d(_\w+)?\.py$/.test(title) || check;
    return { source, beside, kind: drawn ? "picture" : steps ? "step" : "program" };
  });
}

const asExpected = {
  async program(cell) {
    await cell.ends();
    assert.notEqual(await cell.said(), "");
  },
  async picture(cell) {
    await cell.ends();
    assert.equal(await cell.output.locator("svg").count(), 1);
    assert.equal(await cell.output.locator("pre").count(), 0);
  },
  async step(cell, source) {
    await cell.prints(/Listening on 127\.0\.0\.1:9011|The server has started/);
    await cell.press("Stop");
    await cell.ends();
    if (source.includes("has stopped")) await cell.prints(/has stopped after \d+ ticks\.\n$/);
    assert.equal(await cell.output.locator(".note").count(), 0); // it has stopped by itself
  },
};

/** Run the step that a cell wants beside it, in the step's own cell, until `use` is done. */
async function beside(step, page, use) {
  const cell = new Cell(page, `live-server${step}-py`);
  await cell.press("Run");
  await cell.prints(/Listening on/);
  await use();
  await cell.press("Stop");
  await cell.ends();
}

async function runs(cell) {
  const expected = await kind(cell);
  const run = () => runsAs(cell, expected);
  await (expected.beside ? beside(expected.beside, cell.page, run) : run());
}

async function runsAs(cell, expected) {
  await cell.press("Run");
  await asExpected[expected.kind](cell, expected.source);
  assert.equal(await cell.errors(), "");
  assert.match(await cell.status.textContent(), /^ended after (less than 0\.1|\d+\.\d) s(: the same as above)?$/);
}

function python(served) {
  return served.filter(({ url }) => /pyodide|worker|book\.zip/.test(url));
}

test("the pages that were named are there", () => {
  const every = pages.map((address) => path.basename(address, ".html"));
  assert.deepEqual(named("PAGES").filter((name) => !every.includes(name)), []);
});

for (const address of livePages) {
  const skip = unwanted("PAGES", path.basename(address, ".html"));
  test(`every program on ${address} runs, and nothing is fetched for it before`, { skip }, async () => {
    const before = here.served().length;
    await here.visit(address, PHONE, async (page) => {
      await page.waitForLoadState("networkidle");
      assert.deepEqual(python(here.served().slice(before)), []);
      // What is folded away has buttons as well, and what is hidden cannot be pressed.
      await page.evaluate(() => document.querySelectorAll("details").forEach((box) => { box.open = true; }));
      for (const cell of await cells(page)) await runs(cell);
      assert.notDeepEqual(python(here.served().slice(before)), []);
      assert.equal(await tooWide(page), 0);
      assert.deepEqual(await faults(page, "div.live"), []);
    });
  });
}
