// A browser for the tests of one file, and pages of which nothing may be complained of.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before } from "node:test";

import { BOOK, ROOT } from "./book.mjs";
import { serve } from "./server.mjs";

const installed = createRequire(path.join(ROOT, "build", "browser", "package.json"));
const { chromium } = installed("playwright-core");
const axe = installed("axe-core").source;

const FLAGS = [
  "--no-sandbox", // it runs as root in containers
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const GRAVE = ["serious", "critical"];
const OF_COLOURS = ["color-contrast", "link-in-text-block"]; // all else is the same in the dark
const PATIENCE = 30_000; // ms for whatever a test waits for

/**
 * Serve the book and start a browser before the tests of a file, and end both after.
 *
 * The server has no files whose address matches `missing`.
 */
export function browse(missing) {
  const here = {};
  before(async () => {
    here.server = await serve(BOOK, missing);
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    here.browser = await chromium.launch({ executablePath, args: FLAGS });
  });
  after(async () => {
    await here.browser?.close();
    await here.server?.close();
  });
  here.served = () => here.server.served;
  here.visit = (address, options, use) => visit(here, address, options, use);
  return here;
}

/**
 * Open a page as somebody does who has never been here; complain when `use` is done.
 *
 * `meant` is what is provoked, and no reason to complain; other options are the browser's.
 */
async function visit({ browser, server }, address, { meant, ...options }, use) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  const complaints = watched(context, server.address);
  try {
    const page = await context.newPage();
    await page.goto(server.address + address);
    await use(page);
    assert.deepEqual(complaints.filter((complaint) => !meant?.test(complaint)), []);
  } finally {
    await context.close();
  }
}

/** Collect what no page may do: complain, fail, or ask another host for anything. */
function watched(context, address) {
  const complaints = [];
  const inside = (url) => url.startsWith(address) || /^(data|blob):/.test(url);
  context.on("request", (request) => {
    if (!inside(request.url())) complaints.push(`outside: ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(`error: ${error.error().stack}`));
  return complaints;
}

/** By how many pixels a page is wider than the window. */
export function tooWide(page) {
  return page.evaluate(() => {
    // The theme lets the text scroll in the place of the page.
    const boxes = document.querySelectorAll("html, .content");
    return Math.max(...[...boxes].map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
  });
}

/** What keeps somebody from reading a page, or a part of it, in light and in dark. */
export async function faults(page, part = "html") {
  await page.evaluate(axe);
  const found = [];
  for (const [colorScheme, runOnly] of [["light", undefined], ["dark", OF_COLOURS]]) {
    await page.emulateMedia({ colorScheme });
    const options = { resultTypes: ["violations"], runOnly };
    const { violations } = await page.evaluate(([part, options]) => window.axe.run(part, options), [part, options]);
    const grave = violations.filter(({ impact }) => GRAVE.includes(impact));
    found.push(...grave.map((violation) => `${colorScheme}: ${told(violation)}`));
  }
  return found;
}

/** A fault and its first places, which are mostly enough to find the others. */
function told({ id, nodes }) {
  const places = nodes.slice(0, 4).map(({ target }) => target);
  return `${id} at ${nodes.length} places: ${places.join(" | ")}`;
}
