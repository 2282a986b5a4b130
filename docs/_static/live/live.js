// Makes the programs of a page run in it. Without this script a page reads as it is.
//
// Python runs in a worker, so that a program that never waits does not stop the page.

import { program, solved } from "./kept.mjs";
import { available, fetching, hear, isReady, send, stop } from "./shared.mjs";

const base = new URL("../", import.meta.url); // _static/
const MOST = 200_000; // characters of output that a cell keeps

const VERDICTS = { kept: "✓", broken: "✗", refused: "✗" }; // of a Check, each with a sign

const cells = new Map();
let runs = 0;

function say(words) {
  for (const cell of cells.values()) if (cell.running) cell.status.textContent = words;
}

hear("fetching", () => say(fetching()));
hear("ready", () => say("running"));
hear("printed", ({ cell, kind, text }) => cells.get(cell)?.print(kind, text));
hear("ended", ({ cell, run, html }) => {
  const place = cells.get(cell);
  if (place && place.run === run) place.end(html);
});
hear("gone", ({ words }) => {
  for (const cell of cells.values()) {
    if (cell.running) {
      cell.print("note", `${words}\n`);
      cell.end("");
    }
  }
});

class Cell {
  constructor(box) {
    this.box = box;
    this.name = box.id;
    this.original = box.querySelector(".live-source").textContent;
    this.running = false;
    this.run = 0;
    this.editor = make("textarea", { className: "live-editor", hidden: true, spellcheck: false });
    this.editor.setAttribute("aria-label", `The program ${box.dataset.title}`);
    this.editor.value = this.original;
    this.editor.addEventListener("input", () => this.changed());
    this.editor.addEventListener("keydown", (event) => this.typed(event));
    const bar = make("div", { className: "live-bar" });
    this.runButton = button(bar, "Run", () => this.start("run"));
    this.stopButton = button(bar, "Stop", () => stop(this.name));
    this.stopButton.disabled = true;
    this.editButton = button(bar, "Edit", () => this.edit());
    this.resetButton = button(bar, "Reset", () => this.reset());
    this.resetButton.disabled = true;
    if (box.dataset.check) {
      this.checkButton = button(bar, "Check", () => this.start("check"));
      button(bar, `Download ${box.dataset.title}`, () => download(box.dataset.title, this.editor.value));
    }
    this.status = make("span", { className: "live-status" });
    this.status.setAttribute("role", "status");
    bar.append(this.status);
    this.output = make("div", { className: "live-output", hidden: true });
    this.output.setAttribute("role", "log");
    this.output.setAttribute("aria-label", `What ${box.dataset.title} prints`);
    this.output.tabIndex = 0;
    this.note = make("p", { className: "live-note", hidden: true });
    this.note.setAttribute("role", "status");
    box.append(this.editor, this.note, bar, this.output);
    if (box.dataset.check) this.edit(false);
    this.kept = program(this.name, () => this.elsewhere());
    this.restore();
  }

  // -- what the reader has written

  /** Show what was kept, or what there is to begin with. */
  restore() {
    const { value } = this.kept;
    if (value) {
      this.edit(false);
      this.put(value.source);
      if (value.original === this.original) this.tell("You wrote this. Reset brings back the book's program.");
      else this.tell("You wrote this, and the book's program has changed since then. Reset shows the new one.");
    } else {
      this.put(this.original);
      this.offer();
    }
  }

  /** Offer the reader's own solution of the step before as a start. */
  offer() {
    this.tell("");
    const before = String(Number(this.box.dataset.check) - 1).padStart(2, "0");
    const own = this.box.dataset.check && solved(before).value;
    if (own) this.tell("", `Start from your step ${before}`, () => this.write(withTask(own, this.original)));
  }

  /** Put a text into the editor without keeping it. */
  put(source) {
    this.editor.value = source;
    this.fit();
  }

  /** Put a text into the editor as if the reader had written it. */
  write(source) {
    this.put(source);
    this.changed();
  }

  changed() {
    this.fit();
    this.keep(this.editor.value);
  }

  keep(source) {
    const value = source === this.original ? undefined : { source, original: this.original };
    const how = this.kept.keep(value);
    if (how === "done") this.tell("");
    if (how === "elsewhere") this.elsewhere();
    if (how === "refused") this.tell("This browser keeps nothing: what you write is lost when you leave the page.");
    return how === "done";
  }

  elsewhere() {
    const mine = () => {
      this.kept.look();
      this.write(this.editor.value);
    };
    const other = () => {
      this.kept.look();
      this.restore();
    };
    this.tell("Another tab has changed this program. Nothing is kept here until you choose.", "Keep this one", mine);
    button(this.note, "Take the other", other);
  }

  /** Say something about the program, with a button to press; nothing for no words and no button. */
  tell(words, name, pressed) {
    this.note.textContent = words;
    this.note.hidden = !words && !name;
    if (name) button(this.note, name, pressed);
  }

  /** Keep a program that has passed its Check, as the start of the next step. */
  hasSolved() {
    if (this.checked !== this.original) solved(this.box.dataset.check).keep(this.checked);
  }

  // -- running it

  start(kind) {
    this.output.replaceChildren();
    this.output.hidden = false;
    this.size = 0;
    this.checked = this.editor.value;
    this.running = true;
    this.run = ++runs;
    this.box.dataset.state = "running";
    this.runButton.disabled = true;
    if (this.checkButton) this.checkButton.disabled = true;
    this.stopButton.disabled = false;
    this.status.textContent = isReady() ? "running" : fetching();
    this.lookForItsStep();
    send({
      type: kind, cell: this.name, run: this.run, source: this.editor.value, step: this.box.dataset.check,
    });
  }

  // A program that calls a step finds it where the step's own cell runs it.
  lookForItsStep() {
    const step = cells.get(`live-server${this.box.dataset.beside}-py`);
    if (step && !step.running) this.print("note", `${step.box.dataset.title} is not running: press Run under it first.\n`);
  }

  print(kind, text) {
    if (kind in VERDICTS) {
      this.judged(kind, text);
      return;
    }
    this.size += text.length;
    if (this.size > MOST) return;
    const last = this.output.lastElementChild;
    if (last?.className === "picture" && !text.trim()) return; // the end of its line
    if (last && last.className === kind) last.textContent += text;
    else this.output.append(make("pre", { className: kind, textContent: text }));
    this.picture(this.output.lastElementChild);
  }

  judged(kind, words) {
    if (kind === "kept") this.hasSolved();
    if (kind === "refused") this.print("err", `${words}\n`);
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
    const printed = this.output.querySelector("pre.out:only-child");
    if (!printed?.textContent.startsWith('{"v":')) return;
    const { Stepper } = await import(new URL("stepper.js", base));
    if (!document.querySelector('link[href*="stepper.css"]')) {
      document.head.append(make("link", { rel: "stylesheet", href: new URL("stepper.css", base) }));
    }
    const shown = make("div", {});
    new Stepper(shown, JSON.parse(printed.textContent));
    printed.replaceWith(shown);
  }

  end(html) {
    this.scene();
    this.running = false;
    this.box.dataset.state = "ended";
    this.runButton.disabled = false;
    if (this.checkButton) this.checkButton.disabled = false;
    this.stopButton.disabled = true;
    if (html) this.output.insertAdjacentHTML("beforeend", html);
    const nothing = !this.output.textContent && !this.output.querySelector("svg");
    this.status.textContent = nothing ? "ended; it has printed nothing" : "ended";
  }

  edit(focus = true) {
    this.editor.hidden = false;
    this.editButton.disabled = true;
    this.resetButton.disabled = false;
    this.fit();
    if (focus) this.editor.focus();
  }

  reset() {
    const before = this.editor.value;
    this.put(this.original);
    if (this.keep(this.original)) {
      this.offer();
      if (before !== this.original) this.undoable(before);
    }
    if (!this.box.dataset.check) {
      this.editor.hidden = true;
      this.editButton.disabled = false;
      this.resetButton.disabled = true;
      this.editButton.focus();
    }
    this.fit();
  }

  undoable(before) {
    this.note.hidden = false;
    button(this.note, "Undo Reset", () => {
      this.edit();
      this.write(before);
    });
  }

  fit() {
    this.editor.style.height = "auto";
    this.editor.style.height = `${this.editor.scrollHeight + 2}px`;
  }

  typed(event) {
    if (event.key === "Enter" && (event.shiftKey || event.ctrlKey)) {
      event.preventDefault();
      if (!this.running) this.start("run");
    } else if (event.key === "Enter") {
      // As deep as the line before; Tab is left alone, for it leads out of the editor.
      const before = this.editor.value.slice(0, this.editor.selectionStart).split("\n").pop();
      const indent = before.match(/^ */)[0] + (before.trimEnd().endsWith(":") ? "    " : "");
      if (indent) {
        event.preventDefault();
        this.editor.setRangeText(`\n${indent}`, this.editor.selectionStart, this.editor.selectionEnd, "end");
        this.fit();
      }
    }
  }
}

function make(kind, properties) {
  return Object.assign(document.createElement(kind), properties);
}

function button(bar, words, pressed) {
  const made = make("button", { type: "button", textContent: words });
  made.addEventListener("click", pressed);
  bar.append(made);
  return made;
}

function download(name, text) {
  const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "text/x-python" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A program with the docstring of another one, which says what is to be done. */
function withTask(own, other) {
  const docstring = /^"""[^]*?"""/;
  return own.replace(docstring, () => other.match(docstring)?.[0] ?? "");
}

if (available) {
  document.documentElement.dataset.live = "here";
  for (const box of document.querySelectorAll("div.live")) cells.set(box.id, new Cell(box));
}
