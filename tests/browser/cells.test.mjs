// What a cell does for its reader beside running a program: it keeps what was written,
// gives the verdict of a Check, and says what has become of a run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { step } from "./book.mjs";
import { browse } from "./browser.mjs";
import { Cell } from "./cell.mjs";
import { until } from "./until.mjs";

const here = browse();

const STARTING = "/docs/01-starting.html";
const ROOMS = "/docs/04-rooms.html"; // Your turn is step 05
const DELIVERY = "/docs/05-delivery.html"; // Your turn is step 06
const MINE = "live-mine-py";
const TURNS = "live-turns-py";

/** Do something with one cell of a page. */
function withCell(address, id, use, options = {}) {
  return here.visit(address, options, (page) => use(new Cell(page, id), page));
}

/** Go to another page, or to the same one again. */
async function goTo(page, address) {
  await page.goto(new URL(address, page.url()).href);
}

const written = (cell) => cell.editor.inputValue();

// -- what was written

test("what a reader has written survives another page and a reload, until Reset", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    const beginning = await written(cell);
    await cell.write("mine = 1\n");
    await goTo(page, DELIVERY);
    assert.notEqual(await written(cell), "mine = 1\n"); // each program of each page has its own
    await goTo(page, ROOMS);
    assert.equal(await written(cell), "mine = 1\n");
    assert.equal(await cell.told(), "You wrote this. Reset brings back the book's program.");
    await cell.press("Reset");
    assert.equal(await written(cell), beginning);
    await page.reload();
    assert.equal(await written(cell), beginning);
    assert.equal(await cell.note.isVisible(), false);
  }));

test("a program of the book that was changed stays open, and Run runs what was written", () =>
  withCell(STARTING, TURNS, async (cell, page) => {
    await cell.write("print('mine')");
    await page.reload();
    assert.equal(await written(cell), "print('mine')");
    await cell.press("Run");
    await cell.ends();
    assert.equal(await cell.said(), "mine\n");
    await cell.press("Reset");
    await page.reload();
    assert.equal(await cell.box.locator(".live-editor").isVisible(), false);
  }));

test("Reset can be undone", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("an hour of work");
    await cell.press("Reset");
    await cell.press("Undo Reset");
    assert.equal(await written(cell), "an hour of work");
    await page.reload();
    assert.equal(await written(cell), "an hour of work");
  }));

test("a program of the book that has changed since is told, and what was written stays", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("mine = 1\n");
    await page.evaluate(() => {
      const [key] = Object.keys(localStorage).filter((name) => name.includes("live-mine-py"));
      localStorage[key] = JSON.stringify({ source: "mine = 1\n", original: "an older book" });
    });
    await page.reload();
    assert.equal(await written(cell), "mine = 1\n");
    assert.match(await cell.told(), /the book's program has changed since then/);
  }));

/** The same cell in a second tab. */
async function secondTab(page, id) {
  const other = await page.context().newPage();
  await other.goto(page.url());
  return new Cell(other, id);
}

test("what another tab has written is not overwritten until the reader chooses", () =>
  withCell(ROOMS, MINE, async (here, page) => {
    const there = await secondTab(page, MINE);
    await there.write("theirs");
    await until("the change to be told", () => here.told(), (words) => /^Another tab has changed this program/.test(words));
    await here.write("ours");
    await there.page.reload();
    assert.equal(await written(there), "theirs");
    await here.press("Take the other");
    assert.equal(await written(here), "theirs");

    await there.write("theirs again");
    await here.write("ours");
    await here.press("Keep this one");
    await page.reload();
    assert.equal(await written(here), "ours");
    assert.match(await there.told(), /^Another tab/);
  }));

test("a browser that keeps nothing says so once something is written", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await page.addInitScript(() => {
      for (const name of ["getItem", "setItem"]) {
        const usual = Storage.prototype[name];
        Storage.prototype[name] = function (key, ...more) {
          if (key.startsWith("live ")) throw new DOMException("no", "SecurityError"); // not for the theme
          return usual.call(this, key, ...more);
        };
      }
    });
    await page.reload();
    assert.equal(await cell.note.isVisible(), false);
    await cell.write("mine = 1\n");
    assert.match(await cell.told(), /^This browser keeps nothing: what you write is lost/);
    await cell.press("Reset");
    assert.notEqual(await written(cell), "mine = 1\n");
  }));

test("what is kept for another site on the same host is left alone", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("mine = 1\n");
    await goTo(page, `/below/a-path${ROOMS}`);
    assert.notEqual(await written(cell), "mine = 1\n");
  }));

test("Your turn can be downloaded as mine.py", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("print('é')\n");
    const downloaded = page.waitForEvent("download");
    await cell.press("Download mine.py");
    const download = await downloaded;
    assert.equal(download.suggestedFilename(), "mine.py");
    const chunks = await (await download.createReadStream()).toArray();
    assert.equal(Buffer.concat(chunks).toString(), "print('é')\n");
  }));

test("what has passed the Check of a step is offered as the start of the next one", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    const offered = () => cell.button("Start from your step 05").isVisible();
    await goTo(page, DELIVERY);
    assert.equal(await offered(), false);
    const task = (await written(cell)).match(/^"""[^]*?"""/)[0];

    await goTo(page, ROOMS);
    await cell.write(`${step("server05")}# mine\n`);
    await cell.press("Check");
    await cell.ends();
    await goTo(page, DELIVERY);
    await cell.press("Start from your step 05");
    const own = step("server05").replace(/^"""[^]*?"""/, () => task);
    assert.equal(await written(cell), `${own}# mine\n`);
    assert.equal(await offered(), false);
    await page.reload();
    assert.equal(await written(cell), `${own}# mine\n`);
    await cell.press("Reset");
    assert.equal(await offered(), true);
  }));
