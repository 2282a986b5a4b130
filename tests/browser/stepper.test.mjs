// The stepper: every recorded run opens, and can be gone through by mouse and by keyboard.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { BOOK } from "./book.mjs";
import { browse, faults, tooWide } from "./browser.mjs";
import { Cell } from "./cell.mjs";

const PHONE = { viewport: { width: 390, height: 844 } };
const PAGES = [
  "01-starting", "02-answering", "04-rooms", "05-delivery", "06-slow-readers",
  "07-goodbye", "08-bad-input", "09-one-write-per-turn", "10-silence", "client01",
];

const here = browse();

async function opened(page) {
  const dialog = page.locator("dialog[open]");
  await dialog.locator(".st-clock b").first().waitFor();
  return {
    dialog,
    moment: async () => Number(await dialog.locator(".st-clock b").first().innerText()),
    says: () => dialog.locator("[role=status]").innerText(),
  };
}

test("every scene is shown by a page of this list", () => {
  const first = "index-first_chat_scene.json"; // shown where the chat of the first page cannot run
  const scenes = readdirSync(path.join(BOOK, "_static", "scenes")).filter((name) => name !== first);
  assert.equal(scenes.length, PAGES.length);
});

for (const name of PAGES) {
  test(`the stepper of ${name} opens at each named moment`, () =>
    here.visit(`/docs/${name}.html`, {}, async (page) => {
      const links = page.locator(".st-poster ol a");
      await page.locator(".st-open").click();
      const { dialog, says } = await opened(page);
      const tour = dialog.locator(".st-tour button");
      assert.equal(await tour.count(), await links.count());
      assert.ok((await tour.count()) >= 2);
      const said = new Set();
      for (const button of await tour.all()) {
        await button.click();
        assert.equal(await button.getAttribute("aria-current"), "true");
        assert.notEqual(await dialog.locator(".st-claim").innerText(), "");
        said.add(await says());
      }
      assert.equal(said.size, await tour.count());
    }));
}

test("an address leads to a moment, by its name and by its turn", async () => {
  await here.visit("/docs/05-delivery.html#stuck", {}, async (page) => {
    const { dialog, says, moment } = await opened(page);
    assert.match(await says(), /handler of alice .* waits for space in the write buffer/);
    const stuck = await moment();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.locator("a[href='#silence']").first().click();
    assert.ok((await (await opened(page)).moment()) > stuck);
  });
  await here.visit("/docs/05-delivery.html#turn=50", {}, async (page) => {
    const { dialog } = await opened(page);
    const turn = Number(await dialog.locator(".st-clock b").nth(1).innerText());
    assert.ok(turn >= 50 && turn < 55, `turn ${turn}`);
  });
});

test("Why now? goes back along what made a moment ready", () =>
  here.visit("/docs/05-delivery.html#stuck", {}, async (page) => {
    const { dialog, moment, says } = await opened(page);
    const path = [await moment()];
    for (let back = 0; back < 3; back++) {
      await dialog.getByRole("button", { name: "Why now?" }).click();
      path.push(await moment());
    }
    assert.deepEqual(path, [...path].sort((a, b) => b - a));
    assert.ok(path[0] > path[3]);
    assert.match(await says(), /alice talks/);
  }));

test("everything is done by keyboard, and the focus comes back", () =>
  here.visit("/docs/07-goodbye.html", {}, async (page) => {
    const { keyboard } = page;
    await page.locator(".st-open").focus();
    await keyboard.press("Enter");
    const { dialog, moment } = await opened(page);
    await keyboard.press("End");
    const last = await moment();
    await keyboard.press("Home");
    assert.equal(await moment(), 1);
    await keyboard.press("ArrowRight");
    await keyboard.press("ArrowRight");
    assert.equal(await moment(), 3);
    await keyboard.press("ArrowLeft");
    assert.equal(await moment(), 2);
    await keyboard.press("PageDown");
    assert.equal(await moment(), Math.min(12, last));
    const before = await moment();
    await keyboard.press("w");
    assert.ok((await moment()) < before);
    await keyboard.press("Shift+ArrowRight");
    await keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" }).catch(() => {});
    assert.equal(await page.locator("dialog[open]").count(), 0);
    assert.ok(await page.locator(".st-open").evaluate((e) => e === document.activeElement));
  }));

test("a press on a task goes to its next moment, and one on the map to that moment", () =>
  here.visit("/docs/05-delivery.html#talks", {}, async (page) => {
    const { dialog, moment, says } = await opened(page);
    const before = await moment();
    await dialog.locator(".st-lane", { hasText: "bob listens" }).click();
    assert.ok((await moment()) > before);
    assert.match(await says(), /^bob listens/);
    const plot = await dialog.locator(".st-plot").boundingBox();
    await page.mouse.click(plot.x + 2, plot.y + 5);
    assert.equal(await moment(), 1);
  }));

test("the stepper fits a phone, and can be read by everybody", async () => {
  await here.visit("/docs/05-delivery.html#stuck", PHONE, async (page) => {
    await opened(page);
    assert.equal(await tooWide(page), 0);
    const wide = await page.locator("dialog").evaluate((d) => d.scrollWidth - d.clientWidth);
    assert.equal(wide, 0);
    assert.deepEqual(await faults(page, "dialog"), []);
  });
  await here.visit("/docs/07-goodbye.html#abort", {}, async (page) => {
    await opened(page);
    assert.deepEqual(await faults(page, "dialog"), []);
  });
});

test("a reader's own run can be stepped through", () =>
  here.visit("/docs/04-rooms.html", {}, async (page) => {
    const cell = new Cell(page, "live-lost_update_scene-py");
    await cell.press("Run");
    await page.locator(".live-output .st-clock").waitFor();
    assert.match(await page.locator(".live-output [role=status]").first().innerText(), /moment|waits|begins|goes on/);
  }));

test("without scripts the poster is a figure with its moments in words", () =>
  here.visit("/docs/05-delivery.html", { javaScriptEnabled: false }, async (page) => {
    assert.ok(await page.locator(".st-poster svg").isVisible());
    assert.match(await page.locator(".st-poster ol").innerText(), /Sleepy comes before Bob, and drain waits/);
    assert.ok(!(await page.locator(".st-open").isVisible()));
  }));
