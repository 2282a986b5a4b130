// What a cell does for its reader beside running a program: it keeps what was written,
// gives the verdict of a Check, and says what has become of a run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { livePages, step } from "./book.mjs";
import { browse, faults } from "./browser.mjs";
import { Cell } from "./cell.mjs";
import { until } from "./until.mjs";

const here = browse();
const withoutEditor = browse(/codemirror/);

const STARTING = "/docs/01-starting.html";
const ROOMS = "/docs/04-rooms.html"; // Your turn is step 05
const DELIVERY = "/docs/05-delivery.html"; // Your turn is step 06
const MINE = "live-mine-py";
const TURNS = "live-turns-py";
const PHONE = { viewport: { width: 390, height: 844 } };

/** Do something with one cell of a page. */
function withCell(address, id, use, options = {}) {
  return here.visit(address, options, (page) => use(new Cell(page, id), page));
}

/** Go to another page, or to the same one again. */
async function goTo(page, address) {
  await page.goto(new URL(address, page.url()).href);
}

const written = (cell) => cell.editor.inputValue();

// -- what was written

test("what a reader has written survives another page and a reload, until Reset", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    const beginning = await written(cell);
    await cell.write("mine = 1\n");
    await goTo(page, DELIVERY);
    assert.notEqual(await written(cell), "mine = 1\n"); // each program of each page has its own
    await goTo(page, ROOMS);
    assert.equal(await written(cell), "mine = 1\n");
    assert.equal(await cell.told(), "You wrote this. Reset brings back the book's program.");
    await cell.press("Reset");
    assert.equal(await written(cell), beginning);
    await page.reload();
    assert.equal(await written(cell), beginning);
    assert.equal(await cell.note.isVisible(), false);
  }));

test("a program of the book that was changed stays open, and Run runs what was written", () =>
  withCell(STARTING, TURNS, async (cell, page) => {
    await cell.write("print('mine')");
    await page.reload();
    assert.equal(await written(cell), "print('mine')");
    await cell.press("Run");
    await cell.ends();
    assert.equal(await cell.said(), "mine\n");
    await cell.press("Reset");
    await page.reload();
    assert.equal(await cell.editing.isVisible(), false);
  }));

test("Reset can be undone", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("an hour of work");
    await cell.press("Reset");
    await cell.press("Undo Reset");
    assert.equal(await written(cell), "an hour of work");
    await page.reload();
    assert.equal(await written(cell), "an hour of work");
  }));

test("a program of the book that has changed since is told, and what was written stays", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("mine = 1\n");
    await page.evaluate(() => {
      const [key] = Object.keys(localStorage).filter((name) => name.includes("live-mine-py"));
      localStorage[key] = JSON.stringify({ source: "mine = 1\n", original: "an older book" });
    });
    await page.reload();
    assert.equal(await written(cell), "mine = 1\n");
    assert.match(await cell.told(), /the book's program has changed since then/);
  }));

/** The same cell in a second tab. */
async function secondTab(page, id) {
  const other = await page.context().newPage();
  await other.goto(page.url());
  return new Cell(other, id);
}

test("what another tab has written is not overwritten until the reader chooses", () =>
  withCell(ROOMS, MINE, async (here, page) => {
    const there = await secondTab(page, MINE);
    await there.write("theirs");
    await until("the change to be told", () => here.told(), (words) => /^Another tab has changed this program/.test(words));
    await here.write("ours");
    await there.page.reload();
    assert.equal(await written(there), "theirs");
    await here.press("Take the other");
    assert.equal(await written(here), "theirs");

    await there.write("theirs again");
    await here.write("ours");
    await here.press("Keep this one");
    await page.reload();
    assert.equal(await written(here), "ours");
    assert.match(await there.told(), /^Another tab/);
  }));

test("a browser that keeps nothing says so once something is written", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await page.addInitScript(() => {
      for (const name of ["getItem", "setItem"]) {
        const usual = Storage.prototype[name];
        Storage.prototype[name] = function (key, ...more) {
          if (key.startsWith("live ")) throw new DOMException("no", "SecurityError"); // not for the theme
          return usual.call(this, key, ...more);
        };
      }
    });
    await page.reload();
    assert.equal(await cell.note.isVisible(), false);
    await cell.write("mine = 1\n");
    assert.match(await cell.told(), /^This browser keeps nothing: what you write is lost/);
    await cell.press("Reset");
    assert.notEqual(await written(cell), "mine = 1\n");
  }));

test("what is kept for another site on the same host is left alone", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("mine = 1\n");
    await goTo(page, `/below/a-path${ROOMS}`);
    assert.notEqual(await written(cell), "mine = 1\n");
  }));

test("Your turn can be downloaded as mine.py", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    await cell.write("print('é')\n");
    const downloaded = page.waitForEvent("download");
    await cell.press("Download mine.py");
    const download = await downloaded;
    assert.equal(download.suggestedFilename(), "mine.py");
    const chunks = await (await download.createReadStream()).toArray();
    assert.equal(Buffer.concat(chunks).toString(), "print('é')\n");
  }));

test("what has passed the Check of a step is offered as the start of the next one", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    const offered = () => cell.button("Start from your step 05").isVisible();
    await goTo(page, DELIVERY);
    assert.equal(await offered(), false);
    const task = (await written(cell)).match(/^"""[^]*?"""/)[0];

    await goTo(page, ROOMS);
    await cell.write(`${step("server05")}# mine\n`);
    await cell.press("Check");
    await cell.ends();
    await goTo(page, DELIVERY);
    await cell.press("Start from your step 05");
    const own = step("server05").replace(/^"""[^]*?"""/, () => task);
    assert.equal(await written(cell), `${own}# mine\n`);
    assert.equal(await offered(), false);
    await page.reload();
    assert.equal(await written(cell), `${own}# mine\n`);
    await cell.press("Reset");
    assert.equal(await offered(), true);
  }));

// -- the verdict of a Check

/** Write a program and check it; return what the status line says. */
async function checked(cell, source) {
  await cell.write(source);
  await cell.press("Check");
  await cell.ends();
  return cell.status.textContent();
}

const inView = (locator) => locator.evaluate((element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
});
const colour = (locator) => locator.evaluate((element) => getComputedStyle(element).color);

test("a Check ends with its verdict, in words and in colour", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    const right = step("server05");
    assert.match(await checked(cell, right), /^✓ [1-9]\d* kept$/);
    const green = await colour(cell.status);
    assert.equal(await inView(cell.status), true);
    assert.match(await checked(cell, step("server04")), /^✗ [1-9]\d* broken, [1-9]\d* kept$/);
    const red = await colour(cell.status);
    assert.notEqual(red, green);
    assert.equal(await checked(cell, "async def main("), "✗ cannot be checked");
    assert.equal(await colour(cell.status), red);
    assert.match(await cell.said(), /^It cannot be checked: mine\.py, line 1: /);
    assert.deepEqual(await faults(page, `#${MINE}`), []);
  }));

test("what a program prints while it is checked is folded and counted, and the report comes after it", () =>
  withCell(ROOMS, MINE, async (cell) => {
    const start = 'if __name__ == "__main__":';
    const noisy = step("server05").replace(start, `import warnings\nprint("noise")\nwarnings.warn("oh")\n${start}`);
    assert.match(await checked(cell, noisy), /^✓/);
    const folded = cell.output.locator("details.live-noise");
    assert.match(await folded.locator("summary").textContent(), /^Your program printed [1-9]\d+ lines$/);
    const pre = folded.locator("pre");
    assert.equal(await pre.isVisible(), false);
    assert.match(await pre.textContent(), /^noise ×[1-9]\d+$/m);
    assert.match(await pre.textContent(), /^mine\.py:\d+: UserWarning: oh/m);
    const report = cell.output.locator("pre.report");
    assert.equal(await report.evaluate((element) => element.previousElementSibling.className), "live-noise");
    assert.equal(await report.isVisible(), true);
    assert.equal(await cell.output.evaluate((box) => box.scrollTop), 0);
  }));

test("a mistake that is found is a verdict, too", () =>
  withCell(ROOMS, MINE, async (cell) => {
    const wrong = step("server05").replace("if not action:", "asyncio.sleep(0)\n            if not action:");
    assert.match(await checked(cell, wrong), /^✗ 1 mistake found, [1-9]\d* kept$/);
  }));

// -- what became of a run

test("the output follows its end, unless the reader has scrolled", () =>
  withCell(STARTING, TURNS, async (cell) => {
    const below = () => cell.output.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
    await cell.write("import asyncio\nn = 0\nwhile True:\n    print('line', n)\n    n += 1\n    await asyncio.sleep(0.005)");
    await cell.press("Run");
    await cell.prints(/line 100\n/);
    assert.ok((await below()) < 40);
    await cell.output.evaluate((box) => box.scrollTo({ top: 50, behavior: "instant" }));
    await cell.prints(/line 200\n/);
    assert.equal(await cell.output.evaluate((box) => box.scrollTop), 50);
    await cell.output.evaluate((box) => box.scrollTo({ top: box.scrollHeight, behavior: "instant" }));
    await cell.prints(/line 400\n/);
    assert.ok((await below()) < 40);
    await cell.press("Stop");
    await cell.ends();
  }));

test("after Run the focus is still on the button", () =>
  withCell(STARTING, TURNS, async (cell, page) => {
    await cell.button("Run").focus();
    await page.keyboard.press("Enter");
    await cell.ends();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Run turns.py");
    await cell.write("import asyncio\nprint('begun')\nawait asyncio.sleep(60)");
    await cell.press("Run");
    await cell.prints(/begun/);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Run turns.py");
    await page.keyboard.press("Enter"); // it runs already
    assert.equal(await cell.said(), "begun\n");
    await cell.press("Stop");
    await cell.ends();
  }));

for (const address of livePages) {
  test(`each button of a program on ${address} has a name of its own`, () =>
    here.visit(address, {}, async (page) => {
      const names = await page.locator(".live-bar button").evaluateAll((buttons) =>
        buttons.map((button) => button.getAttribute("aria-label") ?? button.textContent));
      assert.deepEqual(names.filter((name, place) => names.indexOf(name) < place), []);
    }));
}

test("the status tells how long a run took, and whether it printed what the page shows", () =>
  withCell(STARTING, TURNS, async (cell) => {
    await cell.press("Run");
    await cell.ends();
    assert.match(await cell.status.textContent(), /^ended after (less than 0\.1|\d\.\d) s: the same as above$/);
    await cell.run("import asyncio\nawait asyncio.sleep(1)\nprint('other')");
    assert.match(await cell.status.textContent(), /^ended after [1-9]\d*\.\d s$/);
    await cell.run("pass");
    assert.match(await cell.status.textContent(), /^ended after (less than 0\.1|\d\.\d) s; it has printed nothing$/);
  }));

for (const [where, options] of [["a phone", PHONE], ["a desktop", {}]]) {
  test(`long lines that a program prints scroll on ${where}`, () =>
    withCell(STARTING, TURNS, async (cell, page) => {
      await cell.run("print('word ' * 200)\nprint('end')");
      const pre = cell.output.locator("pre");
      const { height, line } = await pre.evaluate((element) => ({
        height: element.clientHeight, line: parseFloat(getComputedStyle(element).lineHeight),
      }));
      assert.ok(height < 2.9 * line, `${height} px for two lines of ${line}`);
      assert.ok(await cell.output.evaluate((box) => box.scrollWidth > box.clientWidth));
      assert.deepEqual(await faults(page, "#live-turns-py"), []);
    }, options));
}

// -- what went wrong

const CALL = `import asyncio
async def main():
    await asyncio.open_connection("127.0.0.1", 9011)
asyncio.run(main())`;

test("a traceback names the program as the page does, and has no frames of ours", () =>
  withCell(STARTING, TURNS, async (cell) => {
    await cell.run(CALL);
    const trace = await cell.errors();
    const files = [...trace.matchAll(/File "([^"]+)", line (\d+)/g)].map(([, file, line]) => `${file}:${line}`);
    assert.deepEqual(files.slice(0, 2), ["turns.py:4", "turns.py:3"]);
    assert.doesNotMatch(trace, /\/lab\/|pyodide|runners|<cell/);
    // What Pyodide's loop tells of a task that nobody asks for its error.
    await cell.run(`${CALL.replace("asyncio.run", "task = asyncio.create_task")}\nwhile not task.done():\n    await asyncio.sleep(0)\ndel task`);
    assert.match(await cell.errors(), /^Unhandled exception in event loop[^]*File "turns.py", line 3, in main[^]*ConnectionRefusedError/);
    assert.doesNotMatch(await cell.errors(), /\/lab\/|pyodide|runners|<cell/);
  }));

test("what a page cannot do is explained in a line", () =>
  withCell(STARTING, TURNS, async (cell) => {
    await cell.run("name = input('Your name? ')");
    assert.match(await cell.errors(), /\nRuntimeError: input\(\) does not work in a page: write the answer into [^\n]+\n$/);
    await cell.run("import threading\nthreading.Thread(target=print).start()");
    assert.match(await cell.errors(), /can't start new thread\nA page has no threads: start a task with [^\n]+\n$/);
  }));

// -- the editor

const asked = () => here.served().filter(({ url }) => url.includes("codemirror")).length;

test("the editor is fetched on the first Edit only, once for all programs", () =>
  withCell(STARTING, TURNS, async (cell, page) => {
    const before = asked();
    await cell.press("Run");
    await cell.ends();
    assert.equal(asked(), before);
    await cell.edit();
    await new Cell(page, MINE).edit();
    assert.equal(asked(), before + 1);
  }));

/** Replace a program with the keyboard, a key at a time. */
async function type(cell, text) {
  const editor = await cell.edit();
  await editor.focus();
  await cell.page.keyboard.press("Control+A");
  await cell.page.keyboard.type(text);
  return editor;
}

const INDENTED = "for n in range(2):\n    print(n)\n    print(-n)";

/** What is true of the editor, and of the plain one. */
async function edits(cell, page) {
  const editor = await type(cell, "for n in range(2):\nprint(n)\nprint(-n)"); // it indents by itself
  assert.equal(await written(cell), INDENTED);
  for (const keys of ["Control+Enter", "Shift+Enter"]) {
    await page.keyboard.press(keys);
    await cell.ends();
    assert.equal(await cell.said(), "0\n0\n1\n-1\n");
    await cell.box.evaluate((box) => delete box.dataset.state);
  }
  assert.equal(await written(cell), INDENTED);
  assert.equal(await editor.getAttribute("aria-label"), "The program turns.py");
  const hint = page.locator(`[id="${await editor.getAttribute("aria-describedby")}"]`);
  assert.equal(await hint.innerText(), "Ctrl+Enter or Shift+Enter runs the program. Tab leads out of it.");
  await page.keyboard.press("Tab");
  assert.equal(await editor.evaluate((element) => element.contains(document.activeElement)), false);
  await page.reload();
  assert.equal(await written(cell), INDENTED);
}

test("the editor indents, runs with a key, and lets Tab lead out", () => withCell(STARTING, TURNS, edits));

test("the editor has numbers of lines, and the colours of the page in light and dark", () =>
  withCell(STARTING, TURNS, async (cell, page) => {
    await cell.edit();
    const numbers = await cell.editing.locator(".cm-lineNumbers .cm-gutterElement").allInnerTexts();
    const lines = (await written(cell)).split("\n").map((_, place) => String(place + 1));
    assert.deepEqual(lines.filter((line) => !numbers.includes(line)), []);
    const listing = page.locator(".highlight-python3 .highlight, .highlight-default .highlight").first();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const background = (element) => getComputedStyle(element).backgroundColor;
      assert.equal(await cell.editing.locator(".cm-editor").evaluate(background), await listing.evaluate(background));
      assert.equal(await colour(cell.editing.locator(".k").first()), await colour(listing.locator(".k").first()));
    }
    assert.deepEqual(await faults(page, `#${TURNS}`), []);
  }));

test("the editor begins where the reader is", () =>
  withCell(ROOMS, MINE, async (cell, page) => {
    const before = await written(cell);
    await cell.editor.evaluate((field) => {
      field.setSelectionRange(10, 10);
      field.focus();
    });
    await cell.edit();
    await page.keyboard.type("here");
    assert.equal(await written(cell), `${before.slice(0, 10)}here${before.slice(10)}`);
    await cell.press("Reset");
    assert.equal(await written(cell), before);
    assert.equal(await cell.editing.locator(".cm-line").first().innerText(), before.split("\n")[0]);
  }));

test("without CodeMirror a program is edited all the same", () =>
  withoutEditor.visit(STARTING, { meant: /codemirror|Failed to load resource/ }, async (page) => {
    const cell = new Cell(page, TURNS);
    await edits(cell, page);
    assert.equal(await cell.editor.isVisible(), true);
    assert.equal(await cell.editing.locator(".cm-editor").count(), 0);
  }));
