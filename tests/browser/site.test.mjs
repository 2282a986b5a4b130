// The site as a whole: the first screen, ways through it, and what can be taken away.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { BOOK } from "./book.mjs";
import { browse, faults } from "./browser.mjs";
import { Conversation } from "./conversation.mjs";
import { BELOW } from "./server.mjs";

const DESKTOP = { viewport: { width: 1280, height: 800 } };

const here = browse();

test("a visitor runs something within the first screen", () =>
  here.visit("/docs/index.html", DESKTOP, async (page) => {
    const chat = new Conversation(page);
    for (const place of [chat.button("Start the chat"), chat.input("Alice"), chat.fault("Bob", "break the connection")]) {
      const { y, height } = await place.boundingBox();
      assert.ok(y + height < DESKTOP.viewport.height, `${await place.innerText()} ends at ${y + height}`);
    }
    await chat.start();
    await chat.say("Alice", "hello");
    await chat.sees("Bob", /Alice hello/);
  }));

test("one leads to the next, and back", () =>
  here.visit("/docs/02-answering.html", DESKTOP, async (page) => {
    await page.locator(".next-page").click();
    await page.waitForURL(/utils01-messages/);
    await page.locator(".prev-page").click();
    await page.waitForURL(/02-answering/);
  }));

test("a word is found on the page that has it", () =>
  here.visit("/docs/index.html", DESKTOP, async (page) => {
    await page.getByPlaceholder("Search").fill("half-open");
    await page.keyboard.press("Enter");
    await page.locator("#search-results a", { hasText: "05: The server delivers" }).first().waitFor();
  }));

test("a command is copied without its prompt", () =>
  here.visit("/docs/before-you-start.html", { ...DESKTOP, permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
    const block = page.locator("div.highlight", { hasText: "make learn" }).first();
    await block.hover();
    await block.locator("button.copybtn").click();
    await page.locator("button.copybtn.success").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "make learn");
  }));

test("the start page leads to an archive of steps and notebooks", () =>
  here.visit("/docs/index.html", DESKTOP, async (page) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: /steps, notebooks/ }).click(),
    ]);
    const archive = readFileSync(await download.path());
    for (const name of ["steps/server05.py", "notebooks/05_delivery.ipynb", "lab/__main__.py"]) {
      assert.ok(archive.includes(name), name);
    }
  }));

test("every page that llms.txt names is there", () => {
  const text = readFileSync(path.join(BOOK, "llms.txt"), "utf8");
  const named = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, address]) => address);
  assert.ok(named.length > 15);
  for (const address of named) readFileSync(path.join(BOOK, address));
});

test("below a path the site asks for nothing above it, and its programs run", () =>
  here.visit(`${BELOW}/`, DESKTOP, async (page) => {
    const before = here.served().length;
    await page.waitForURL(`**${BELOW}/docs/index.html`);
    const chat = new Conversation(page);
    await chat.start();
    await chat.say("Alice", "hello");
    await chat.sees("Bob", /Alice hello/);
    await page.getByPlaceholder("Search").fill("half-open");
    await page.keyboard.press("Enter");
    await page.locator("#search-results a", { hasText: "05: The server delivers" }).first().click();
    await page.waitForURL(`**${BELOW}/docs/05-delivery.html*`);
    const above = here.served().slice(before).filter(({ url }) => !url.startsWith(BELOW));
    assert.deepEqual(above, []);
  }));

for (const root of ["", BELOW]) {
  test(`a missing page of the site at ${root || "/"} leads on`, () =>
    here.visit(`${root}/docs/no/such.html`, { ...DESKTOP, meant: /such\.html|status of 404/ }, async (page) => {
      const address = page.url();
      await page.getByRole("heading", { name: "No such page" }).waitFor();
      assert.deepEqual(await faults(page), []); // its style sheets are there
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter"); // skip to the content
      assert.equal(page.url(), `${address}#furo-main-content`);
      await page.locator("article").getByRole("link", { name: "Glossary" }).click();
      await page.waitForURL(`**${root}/docs/glossary.html`);
    }));
}
