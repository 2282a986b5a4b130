// How long the first reader of a page waits for the first line that a program prints.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browse } from "./browser.mjs";
import { cells } from "./cell.mjs";

const GOAL = 5; // seconds, on a machine that does nothing else
const MOST = 30; // seconds, on any

const here = browse();

const since = (start) => (performance.now() - start) / 1000;

test("a program prints soon after Run is pressed for the first time", (t) =>
  here.visit("/docs/01-starting.html", {}, async (page) => {
    const [cell] = await cells(page);
    const cold = performance.now();
    await cell.press("Run");
    await cell.prints(/\n/);
    const first = since(cold);
    await cell.ends();

    const warm = performance.now();
    await cell.press("Run");
    await cell.ends();
    t.diagnostic(`cold ${first.toFixed(1)} s (the goal is ${GOAL} s), then ${since(warm).toFixed(2)} s`);
    assert.ok(first < MOST);
  }));
