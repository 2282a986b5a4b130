// The box under a program: what it prints, and how that is shown.

import { make } from "./make.mjs";

const base = new URL("../", import.meta.url); // _static/
const MOST = 200_000; // characters of output that a cell keeps
const PAUSE = 16; // ms in which what is printed is collected
const NEAR = 8; // pixels from its end: a box so close to it follows

export class Output {
  constructor(label) {
    this.box = make("div", { className: "live-output", tabIndex: 0 });
    this.box.setAttribute("role", "log");
    this.box.setAttribute("aria-label", label);
    this.begin();
    this.box.hidden = true;
  }

  /** Begin with an empty box; if it folds, what a program prints is shown at its end. */
  begin(folds = false) {
    this.box.replaceChildren();
    this.box.hidden = false;
    this.size = 0;
    this.waiting = [];
    this.folded = folds ? "" : undefined;
  }

  print(kind, text) {
    this.size += text.length;
    if (this.size > MOST) return;
    this.waiting.push([kind, text]);
    this.soon ??= setTimeout(() => this.flush(), PAUSE);
  }

  flush() {
    clearTimeout(this.soon);
    this.soon = undefined;
    this.follow(() => this.waiting.splice(0).forEach(([kind, text]) => this.add(kind, text)));
  }

  /** Keep the end in sight, unless the reader has scrolled away from it. */
  follow(change) {
    const { scrollHeight, scrollTop, clientHeight } = this.box;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    change();
    if (atEnd) this.box.scrollTop = this.box.scrollHeight;
  }

  add(kind, text) {
    if (this.folded !== undefined && kind !== "note") {
      this.folded += text;
      return;
    }
    const last = this.box.lastElementChild;
    if (last?.className === "picture" && !text.trim()) return; // the end of its line
    if (last && last.className === kind) last.append(text);
    else this.box.append(make("pre", { className: kind, textContent: text }));
    this.picture(this.box.lastElementChild);
  }

  /** Show the end of a run: the value of its last expression, or the report of a check. */
  end(html) {
    this.flush();
    this.scene();
    if (this.folded) this.box.prepend(noise(this.folded));
    const add = () => this.box.insertAdjacentHTML("beforeend", html);
    if (this.folded === undefined) this.follow(add);
    else add();
  }

  get isEmpty() {
    return !this.box.textContent && !this.box.querySelector("svg");
  }

  // A program that prints a picture means it to be seen.
  picture(printed) {
    const text = printed.textContent.trim();
    if (text.startsWith("<svg") && text.endsWith("</svg>")) {
      const shown = make("div", { className: "picture" });
      shown.innerHTML = text;
      printed.replaceWith(shown);
    }
  }

  // A program that prints a recorded run means it to be stepped through.
  async scene() {
    const printed = this.box.querySelector("pre.out:only-child");
    if (!printed?.textContent.startsWith('{"v":')) return;
    const { Stepper } = await import(new URL("stepper.js", base));
    if (!document.querySelector('link[href*="stepper.css"]')) {
      document.head.append(make("link", { rel: "stylesheet", href: new URL("stepper.css", base) }));
    }
    const shown = make("div", {});
    new Stepper(shown, JSON.parse(printed.textContent));
    printed.replaceWith(shown);
  }
}

/** What a program has printed while it was checked, folded away. */
function noise(text) {
  const lines = text.trimEnd().split("\n").length;
  const box = make("details", { className: "live-noise" });
  box.append(make("summary", { textContent: `Your program printed ${lines} ${lines === 1 ? "line" : "lines"}` }));
  box.append(make("pre", { textContent: counted(text) }));
  return box;
}

/** A text with each of its lines once, and how often it was there; deeper lines belong to the one before. */
function counted(text) {
  const times = new Map();
  for (const [part] of text.trimEnd().matchAll(/^.*(\n[ \t].*)*/gm)) times.set(part, (times.get(part) ?? 0) + 1);
  return [...times].map(([part, count]) => (count > 1 ? part.replace(/$/m, ` ×${count}`) : part)).join("\n");
}
