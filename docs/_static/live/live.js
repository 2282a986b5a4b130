// Makes the programs of a page run in it. Without this script a page reads as it is.
//
// Python runs in a worker, so that a program that never waits does not stop the page.

import { Editor } from "./editor.mjs";
import { program, solved } from "./kept.mjs";
import { button, enable, make } from "./make.mjs";
import { Output } from "./output.mjs";
import { available, fetching, hear, isReady, send, stop } from "./shared.mjs";

const VERDICTS = { kept: "✓", broken: "✗", refused: "✗" }; // of a Check, each with a sign

const cells = new Map();
let runs = 0;

function say(words) {
  for (const cell of cells.values()) if (cell.running) cell.say(words);
}

hear("fetching", () => say(fetching()));
hear("ready", () => say("running"));
hear("printed", ({ cell, kind, text }) => cells.get(cell)?.print(kind, text));
hear("ended", ({ cell, run, html, took }) => {
  const place = cells.get(cell);
  if (place && place.run === run) place.end(html, `ended after ${seconds(took)}`);
});
hear("gone", ({ words }) => {
  for (const cell of cells.values()) {
    if (cell.running) {
      cell.print("note", `${words}\n`);
      cell.end("", "stopped");
    }
  }
});

class Cell {
  constructor(box) {
    this.box = box;
    this.name = box.id;
    const { title } = box.dataset;
    this.original = box.querySelector(".live-source").textContent;
    this.running = false;
    this.run = 0;
    this.editor = new Editor(title, `${box.id}-hint`, {
      changed: () => this.keep(this.editor.text),
      run: () => this.startByKey(),
    });
    this.editor.put(this.original);
    const bar = make("div", { className: "live-bar" });
    const named = (words, pressed) => button(bar, words, pressed, `${words} ${title}`);
    this.runButton = named("Run", () => this.start("run"));
    this.stopButton = named("Stop", () => stop(this.name));
    this.editButton = named("Edit", () => this.edit());
    this.resetButton = named("Reset", () => this.reset());
    enable(this.stopButton, false);
    enable(this.resetButton, false);
    if (box.dataset.check) {
      this.checkButton = named("Check", () => this.start("check"));
      button(bar, `Download ${title}`, () => download(title, this.editor.text));
    }
    this.status = make("span", { className: "live-status" });
    this.status.setAttribute("role", "status");
    bar.append(this.status);
    this.output = new Output(`What ${title} prints`);
    this.note = make("p", { className: "live-note", hidden: true });
    this.note.setAttribute("role", "status");
    box.append(this.editor.box, this.note, bar, this.output.box);
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
      this.editor.put(value.source);
      if (value.original === this.original) this.tell("You wrote this. Reset brings back the book's program.");
      else this.tell("You wrote this, and the book's program has changed since then. Reset shows the new one.");
    } else {
      this.editor.put(this.original);
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

  /** Put a text into the editor as if the reader had written it. */
  write(source) {
    this.editor.put(source);
    this.keep(source);
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
      this.write(this.editor.text);
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
    this.output.begin(kind === "check");
    this.verdict = undefined;
    this.checked = this.editor.text;
    this.run = ++runs;
    this.turn(true);
    this.say(isReady() ? "running" : fetching());
    this.lookForItsStep();
    send({
      type: kind, cell: this.name, run: this.run, source: this.checked,
      file: this.box.dataset.title, step: this.box.dataset.check,
    });
  }

  /** Be one that runs, or one that has ended. */
  turn(running) {
    this.running = running;
    this.box.dataset.state = running ? "running" : "ended";
    enable(this.runButton, !running);
    if (this.checkButton) enable(this.checkButton, !running);
    enable(this.stopButton, running);
  }

  say(words, verdict = "") {
    this.status.textContent = words;
    this.status.dataset.verdict = verdict;
  }

  // A program that calls a step finds it where the step's own cell runs it.
  lookForItsStep() {
    const step = cells.get(`live-server${this.box.dataset.beside}-py`);
    if (step && !step.running) this.print("note", `${step.box.dataset.title} is not running: press Run under it first.\n`);
  }

  print(kind, text) {
    if (kind in VERDICTS) this.judged(kind, text);
    else this.output.print(kind, text);
  }

  judged(kind, words) {
    this.verdict = { kind, words };
    if (kind === "kept") this.hasSolved();
    if (kind !== "refused") return;
    this.verdict.words = "cannot be checked";
    this.print("note", `${words}\n`);
  }

  end(html, how) {
    this.output.end(html);
    if (this.verdict) {
      const { kind, words } = this.verdict;
      this.say(`${VERDICTS[kind]} ${words}`, kind);
      this.output.box.scrollIntoView({ block: "nearest" });
    } else {
      this.say(`${how}${this.remark()}`);
    }
    this.turn(false);
  }

  /** What there is to say of an output. */
  remark() {
    if (this.output.isEmpty) return "; it has printed nothing";
    const above = this.box.previousElementSibling;
    const same = above?.matches(".output") && this.output.box.textContent.trim() === printed(above);
    return same ? ": the same as above" : "";
  }

  edit(focus = true) {
    this.editor.show();
    enable(this.editButton, false);
    enable(this.resetButton, true);
    if (focus) this.editor.focus();
  }

  reset() {
    const before = this.editor.text;
    this.editor.put(this.original);
    if (this.keep(this.original)) {
      this.offer();
      if (before !== this.original) this.undoable(before);
    }
    if (!this.box.dataset.check) {
      this.editor.hide();
      enable(this.editButton, true);
      enable(this.resetButton, false);
      this.editButton.focus();
    }
  }

  undoable(before) {
    this.note.hidden = false;
    button(this.note, "Undo Reset", () => {
      this.edit();
      this.write(before);
    });
  }

  startByKey() {
    if (this.running) return;
    this.start("run");
    this.output.box.scrollIntoView({ block: "nearest" });
  }
}

/** What a program has printed in the build, without the command above it. */
function printed(block) {
  return block.querySelector("pre").textContent.replace(/^\$ .*\n/, "").trim();
}

/** A time in ms, in words. */
function seconds(took) {
  return took < 50 ? "less than 0.1 s" : `${(took / 1000).toFixed(1)} s`;
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
