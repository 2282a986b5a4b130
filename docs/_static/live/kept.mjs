// What a reader has written, kept in this browser: for each program of each page, and for
// each step that has passed its Check.

const site = new URL("../../", import.meta.url).pathname; // a host may have several
const page = location.pathname.replace(/\/$/, "/index.html");

/** One text that is kept. `elsewhere` is called when another tab has kept something else. */
class Kept {
  constructor(key, elsewhere = () => {}) {
    this.key = key;
    this.known = this.stored();
    addEventListener("storage", ({ key, newValue }) => {
      if (key === this.key && newValue !== this.known) elsewhere();
    });
  }

  stored() {
    try {
      return localStorage.getItem(this.key);
    } catch {
      return null; // a browser that keeps nothing forbids even to look
    }
  }

  /** What is kept, as this tab knows it: undefined if there is nothing. */
  get value() {
    try {
      return JSON.parse(this.known) ?? undefined;
    } catch {
      return undefined; // it was not written by us
    }
  }

  /** Keep a value, or nothing if it is undefined; say whether that is "done", or why not. */
  keep(value) {
    const text = value === undefined ? null : JSON.stringify(value);
    if (this.stored() !== this.known) return "elsewhere";
    try {
      if (text === null) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, text);
    } catch {
      return "refused";
    }
    this.known = text;
    return "done";
  }

  /** Take note of what another tab has kept. */
  look() {
    this.known = this.stored();
  }
}

/** The reader's version of a program of this page. */
export const program = (cell, elsewhere) => new Kept(`live ${page} ${cell}`, elsewhere);

/** The reader's program that has passed the Check of a step. */
export const solved = (step) => new Kept(`live ${site} step ${step}`);
