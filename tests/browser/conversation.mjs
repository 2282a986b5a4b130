// A chat in a page: three panes, their faults, and what is said in them.

import { until } from "./until.mjs";

export class Conversation {
  constructor(page) {
    this.page = page;
    this.box = page.locator(".chat");
    this.log = this.box.locator(".chat-log");
    this.news = this.box.getByRole("status");
  }

  button(name) {
    return this.box.locator(".chat-head").getByRole("button", { name, exact: true });
  }

  pane(who) {
    return this.box.getByRole("region", { name: who, exact: true });
  }

  fault(who, name) {
    return this.pane(who).getByRole("button", { name, exact: true });
  }

  input(who) {
    return this.box.getByLabel(`What ${who} says`);
  }

  async start() {
    // The theme scrolls smoothly, and what moves cannot be pressed.
    await this.page.evaluate(() => document.documentElement.style.setProperty("scroll-behavior", "auto"));
    await this.button("Start the chat").click();
    await this.isOpen();
  }

  isOpen() {
    return until("the chat to begin", () => this.box.getAttribute("data-chat"), (now) => now === "open");
  }

  /** Begin anew on another step. */
  async choose(step) {
    await this.box.locator("select").selectOption(step);
    await until("the new chat", () => this.log.innerText(), (said) => said.split("Listening").length === 2);
  }

  async say(who, text) {
    await this.input(who).fill(text);
    await this.input(who).press("Enter");
  }

  /** Wait until somebody sees this. */
  sees(who, pattern) {
    const talk = this.pane(who).locator(".chat-talk");
    return until(`${who} to see ${pattern}`, () => talk.innerText(), (said) => pattern.test(said));
  }

  saw(who) {
    return this.pane(who).locator(".chat-talk").innerText();
  }

  /** Wait until the frames, or what the server says, have this. */
  logs(pattern) {
    return until(`${pattern} to be logged`, () => this.log.innerText(), (said) => pattern.test(said));
  }

  /** Wait until what waits for somebody is this. */
  waits(who, pattern) {
    const waiting = this.pane(who).locator(".chat-waiting");
    return until(`${pattern} to wait for ${who}`, () => waiting.innerText(), (said) => pattern.test(said));
  }

  is(who, pattern) {
    const condition = this.pane(who).locator(".chat-condition");
    return until(`${who} to be ${pattern}`, () => condition.innerText(), (said) => pattern.test(said));
  }

  async seconds() {
    return Number.parseFloat(await this.box.locator(".chat-clock").innerText());
  }
}
