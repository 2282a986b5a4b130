// A program that runs in a page: its buttons, its editor, and what it has printed.

import assert from "node:assert/strict";

import { until } from "./until.mjs";

export class Cell {
  constructor(page, id) {
    this.page = page;
    this.id = id;
    this.box = page.locator(`[id="${id}"]`);
    this.editing = this.box.locator(".live-editing");
    this.editor = this.box.locator("textarea"); // it has the program's text, shown or not
    this.output = this.box.locator(".live-output");
    this.status = this.box.locator(".live-status");
    this.note = this.box.locator(".live-note");
  }

  /** A button by the words on it: to a screen reader, its name also tells which program it is of. */
  button(words) {
    return this.box.locator("button").filter({ hasText: new RegExp(`^${words}$`) });
  }

  async press(name) {
    // The theme scrolls smoothly, and what moves cannot be pressed.
    await this.page.evaluate(() => document.documentElement.style.setProperty("scroll-behavior", "auto"));
    await this.button(name).click();
  }

  /** Open the editor, and wait until it is the one that it stays. */
  async edit() {
    if (await this.editing.isHidden()) await this.press("Edit");
    else if (await this.editor.isVisible()) await this.editor.focus();
    await until("the editor", () => this.editing.getAttribute("data-editor"), Boolean);
    return (await this.editor.isVisible()) ? this.editor : this.editing.locator(".cm-content");
  }

  /** Put a program in the place of what is there. */
  async write(source) {
    await (await this.edit()).fill(source);
    assert.equal(await this.editor.inputValue(), source);
  }

  /** Write a program, run it, and wait for its end. */
  async run(source) {
    await this.write(source);
    await this.press("Run");
    await this.ends();
  }

  /** Wait until it has printed this. */
  prints(pattern) {
    return until(`${pattern} to be printed`, () => this.said(), (said) => pattern.test(said));
  }

  /** Wait until it has ended. */
  ends() {
    const state = () => this.box.getAttribute("data-state");
    return until("the program to end", state, (now) => now === "ended");
  }

  /** What is told about the program, without the buttons beside it. */
  told() {
    return this.note.evaluate((note) => note.firstChild?.nodeType === 3 ? note.firstChild.data : "");
  }

  said() {
    return this.output.textContent();
  }

  /** What it has written to its standard error. */
  async errors() {
    return (await this.output.locator(".err").allTextContents()).join("");
  }
}

/** All cells of a page, in their order. */
export async function cells(page) {
  const ids = await page.locator("div.live").evaluateAll((boxes) => boxes.map((box) => box.id));
  return ids.map((id) => new Cell(page, id));
}
