// Where a reader changes a program. It is a plain text field until the reader is in it;
// then CodeMirror is fetched and takes its place, if the site has it.

import { make } from "./make.mjs";

let fetched; // one for all programs of the page

const codemirror = () => (fetched ??= import("./codemirror.mjs"));

export class Editor {
  /** `changed` is called when the reader has changed the text, `run` to run it. */
  constructor(title, hint, { changed, run }) {
    this.changed = changed;
    this.run = run;
    this.box = make("div", { className: "live-editing", hidden: true });
    this.field = make("textarea", { className: "live-editor", spellcheck: false });
    this.field.setAttribute("aria-label", `The program ${title}`);
    this.field.setAttribute("aria-describedby", hint);
    this.field.addEventListener("input", () => {
      this.fit();
      changed();
    });
    this.field.addEventListener("keydown", (event) => this.typed(event));
    this.field.addEventListener("focus", () => this.grow(), { once: true });
    const words = "Ctrl+Enter or Shift+Enter runs the program. Tab leads out of it.";
    this.box.append(this.field, make("p", { className: "live-hint", id: hint, textContent: words }));
  }

  get text() {
    return this.field.value;
  }

  /** Put a text into it that the reader has not typed. */
  put(text) {
    if (this.view) this.view.put(text);
    this.field.value = text;
    this.fit();
  }

  show() {
    this.box.hidden = false;
    this.fit();
  }

  hide() {
    this.box.hidden = true;
  }

  focus() {
    (this.view ?? this.field).focus();
  }

  /** Become CodeMirror, or stay as it is. */
  async grow() {
    try {
      const { open } = await codemirror();
      this.view = open(this.field, this);
      this.box.dataset.editor = "codemirror";
    } catch (error) {
      console.info(`The editor stays plain: ${error}`);
      this.box.dataset.editor = "plain";
    }
  }

  fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  typed(event) {
    if (event.key !== "Enter") return;
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.run();
      return;
    }
    // As deep as the line before.
    const before = this.text.slice(0, this.field.selectionStart).split("\n").pop();
    const indent = before.match(/^ */)[0] + (before.trimEnd().endsWith(":") ? "    " : "");
    if (!indent) return;
    event.preventDefault();
    this.field.setRangeText(`\n${indent}`, this.field.selectionStart, this.field.selectionEnd, "end");
    this.fit();
    this.changed();
  }
}
