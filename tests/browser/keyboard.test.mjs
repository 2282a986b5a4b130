// A program run, stopped and changed with the keyboard alone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browse } from "./browser.mjs";
import { Cell } from "./cell.mjs";
import { until } from "./until.mjs";

const here = browse();

function focused(wanted) {
  return wanted.evaluate((element) => element === document.activeElement);
}

/** Press Tab until this has the focus. */
async function tabTo(cell, wanted) {
  for (let pressed = 0; pressed < 300; pressed++) {
    if (await focused(wanted)) return;
    await cell.page.keyboard.press("Tab");
  }
  assert.fail("Tab does not lead there");
}

async function pressed(cell, name) {
  await tabTo(cell, cell.button(name));
  await cell.page.keyboard.press("Enter");
}

test("everything that a cell can do is done by keyboard", () =>
  here.visit("/docs/01-starting.html", {}, async (page) => {
    const cell = new Cell(page, "live-server01-py");
    const { keyboard } = page;
    await pressed(cell, "Run");
    await cell.prints(/The server has started/);
    await pressed(cell, "Stop");
    await cell.ends();
    await cell.prints(/The server has stopped/);

    await keyboard.press("Shift+Tab");
    await pressed(cell, "Edit");
    const editor = await cell.edit();
    await until("the editor to have the focus", () => focused(editor), Boolean);
    await keyboard.press("Control+A");
    await keyboard.type("for n in range(2):\nprint('line', n)"); // the indent comes by itself
    await keyboard.press("Shift+Enter");
    await cell.ends();
    assert.equal(await cell.said(), "line 0\nline 1\n");

    await keyboard.press("Tab");
    assert.equal(await focused(editor), false);
    await pressed(cell, "Reset");
    assert.equal(await cell.editing.isVisible(), false);
    await pressed(cell, "Edit");
    assert.match(await cell.editor.inputValue(), /^"""The server starts, waits and stops\./);
  }));

test("a program that is changed and put back runs as it was", () =>
  here.visit("/docs/01-starting.html", {}, async (page) => {
    const cell = new Cell(page, "live-turns-py");
    await cell.run("print('mine')");
    assert.equal(await cell.said(), "mine\n");
    await cell.press("Reset");
    await cell.press("Run");
    await cell.prints(/^first: 1\n/);
  }));
