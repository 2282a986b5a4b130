// The editor of the programs in the pages: CodeMirror with what a program of this book needs.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Annotation, EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// The names that Pygments gives to these in the listings, so that the page's theme colours both.
const names = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], class: "k" },
  { tag: tags.string, class: "s" },
  { tag: tags.number, class: "m" },
  { tag: tags.comment, class: "c1" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)], class: "nf" },
  { tag: [tags.bool, tags.null], class: "kc" },
]);

const colours = EditorView.theme({
  "&": {
    backgroundColor: "var(--color-code-background)",
    color: "var(--color-code-foreground)",
    fontSize: "var(--code-font-size)",
    border: "1px solid var(--color-foreground-muted)",
    borderRadius: ".3em",
  },
  "&.cm-focused": { outline: "2px solid var(--color-brand-primary)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--font-stack--monospace)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--color-foreground-primary)" },
  ".cm-gutters": {
    backgroundColor: "transparent",
    color: "var(--color-foreground-secondary)",
    borderRight: "1px solid var(--color-background-border)",
  },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--color-brand-primary) 25%, transparent)",
  },
});

const put = Annotation.define(); // of a change that the reader has not made

/**
 * Put an editor before a textarea, which is hidden; return how to change its text.
 *
 * It begins with the text and the selection of the textarea, which keeps the same text.
 * Tab is left alone, because it leads out.
 */
export function open(textarea, { changed, run }) {
  const enter = ["Ctrl-Enter", "Mod-Enter", "Shift-Enter"].map((key) => ({ key, run: () => run() ?? true }));
  const described = { "aria-label": textarea.getAttribute("aria-label"), "aria-describedby": textarea.getAttribute("aria-describedby") };
  const view = new EditorView({
    doc: textarea.value,
    selection: { anchor: textarea.selectionStart, head: textarea.selectionEnd },
    extensions: [
      lineNumbers(),
      history(),
      bracketMatching(),
      indentOnInput(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      keymap.of([...enter, ...defaultKeymap, ...historyKeymap]),
      python(),
      syntaxHighlighting(names),
      colours,
      EditorView.editorAttributes.of({ class: "highlight" }), // where Pygments' colours hold
      EditorView.contentAttributes.of(described),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        textarea.value = update.state.doc.toString();
        if (!update.transactions.some((transaction) => transaction.annotation(put))) changed();
      }),
    ],
  });
  const focused = document.activeElement === textarea;
  textarea.before(view.dom);
  textarea.hidden = true;
  if (focused) view.focus();
  return {
    put: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, annotations: put.of(true) }),
    focus: () => view.focus(),
  };
}
