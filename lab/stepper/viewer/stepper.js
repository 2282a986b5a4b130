// Plays a recorded run back: forwards, backwards, and along what made each moment ready.
//
// A scene is JSON that lab/stepper wrote. A moment is one callback that the event loop ran,
// and says only what it changed. `Run` makes states and words of them, `Stepper` shows one.

const KIB = 1024;
const MAPPED = 13; // pixels of a row of the map
const ROOM = { kept: 160 * KIB, wire: 64 * KIB, unread: 128 * KIB }; // what fills a bar
// Flags of one direction of a connection.
const PAUSED = 1, FINISHED = 2, CLOSED = 4, BROKEN = 8, NOT_READING = 16;

const FIRST_TURN = "its first turn";
const TIMERS = /^_set_result_unless_cancelled$|_on_timeout$|_release_waiter$/;

const PLAIN = {
  "StreamWriter.drain": "space in the write buffer",
  "StreamReader.readexactly": "more bytes",
  "StreamReader.read": "more bytes",
  sleep: "the clock",
  timeout: "the clock",
  "Event.wait": "an event",
  TaskGroup: "its tasks",
  wait: "other tasks",
  "Server.serve_forever": "new connections, or the end of all",
  "StreamWriter.wait_closed": "the end of its connection",
  open_connection: "the server to answer",
  start_server: "a port",
};

const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const bold = (text) => `<b>${escaped(text)}</b>`;
const size = (bytes) => (bytes < KIB ? `${bytes} B` : `${Math.round(bytes / KIB)} KiB`);

// A recorded run: states, the moments worth a stop, and words.
export class Run {
  constructor(scene) {
    this.scene = scene;
    this.moments = scene.moments;
    this.marks = scene.marks || [];
    this.tasks = this.#named(scene.tasks);
    this.states = this.#unfolded();
    this.stops = scene.stops;
  }

  #named(tasks) {
    let colour = 0;
    return tasks.map((task, number) => ({
      ...task, name: task.n, number, colour: task.own ? `var(--task-${colour++ % 8})` : "var(--soft)",
    }));
  }

  label(actor) {
    return this.scene.labels[-1 - actor];
  }

  // "0s" is the server's end of connection 0, "0c" the client's.
  client(end) {
    return this.scene.conns[parseInt(end, 10)] ?? "a client";
  }

  nameOf(actor) {
    if (actor >= 0) return this.tasks[actor].name;
    const label = this.label(actor);
    if (label.startsWith("net:")) return "the network";
    return TIMERS.test(label) ? "a timer" : "the loop";
  }

  #unfolded() {
    let state = { ready: [], timers: new Map(), where: {}, values: {}, globals: {}, time: 0, printed: "", ways: {} };
    // Of a longer run there is something left of the moments before those that are kept.
    if (this.scene.before) for (const moment of this.scene.before) state = this.#after(state, moment);
    else if (this.moments.length) state.ready = [this.moments[0].a];
    this.beginning = state;
    return this.moments.map((moment) => (state = this.#after(state, moment)));
  }

  #after(before, moment) {
    const state = { ...before };
    if (moment.c !== undefined) state.time = moment.c;
    const place = before.ready.indexOf(moment.a);
    state.ready = before.ready.filter((_, i) => i !== place).concat(moment.p || []);
    if (moment.tn || moment.tg) {
      state.timers = new Map(before.timers);
      for (const [number, when, who] of moment.tn || []) state.timers.set(number, [when, who]);
      for (const number of moment.tg || []) state.timers.delete(number);
    }
    state.where = this.#places(before, moment);
    if (moment.v) state.values = { ...before.values, [moment.a]: moment.v };
    if (moment.g) state.globals = { ...before.globals, ...moment.g };
    if (moment.o) state.printed += moment.o;
    if (moment.n) {
      state.ways = { ...before.ways };
      for (const [way, written, sent, received, read, flags] of moment.n) {
        const old = before.ways[way] || [0, 0, 0, 0, 0];
        state.ways[way] = [old[0] + written, old[1] + sent, old[2] + received, old[3] + read, flags];
      }
    }
    return state;
  }

  // Where each task is: its chain of awaits, and what it waits for.
  #places(before, moment) {
    const where = { ...before.where };
    if (moment.a >= 0) {
      const old = where[moment.a] || {};
      const phrase = moment.f !== undefined ? this.scene.labels[moment.f] : old.phrase;
      where[moment.a] = { chain: moment.w ?? old.chain ?? [], phrase, end: moment.e, on: moment.on };
    }
    for (const actor of moment.p || []) {
      if (actor >= 0 && !where[actor]) where[actor] = { chain: [], phrase: FIRST_TURN };
    }
    return where;
  }

  // The stop that made it ready, or -1.
  cause(stop) {
    let i = this.stops[stop];
    for (let guard = 0; guard < 40 && i >= 0; guard++) {
      i = this.#madeReadyBy(i);
      const found = this.stops.indexOf(i);
      if (found >= 0) return found;
    }
    return -1;
  }

  #madeReadyBy(i) {
    const { a: actor, tg: gone } = this.moments[i];
    if (actor < 0 && gone) {
      const set = this.moments.findIndex((m) => (m.tn || []).some(([number]) => gone.includes(number)));
      if (set >= 0) return set;
    }
    for (let j = i - 1; j >= 0; j--) if ((this.moments[j].p || []).includes(actor)) return j;
    return -1;
  }

  place([file, line]) {
    return `${this.scene.files[file].n}:${line}`;
  }

  waitsFor({ on, phrase, chain }) {
    return { phrase: this.tasks[on]?.name || phrase, line: chain.length ? this.place(chain.at(-1)) : "" };
  }

  // What happens in a moment, as HTML.
  words(stop) {
    const i = this.stops[stop], moment = this.moments[i];
    const what = moment.a >= 0 ? this.#ofTask(i) : this.#ofTheLoop(i);
    return [`${what}.`, ...this.#consequences(i), this.#because(stop)].filter(Boolean).join(" ");
  }

  #ofTask(i) {
    const moment = this.moments[i], state = this.states[i];
    const before = (i ? this.states[i - 1] : this.beginning).where[moment.a];
    const began = !before || before.phrase === FIRST_TURN;
    const start = moment.s?.at(-1);
    const head = `${bold(this.nameOf(moment.a))} ${began ? "begins" : "goes on"}${start ? ` at ${this.place(start)}` : ""}`;
    if (moment.e) return `${head} ${moment.e === "done" ? "and is done" : `and ends: ${escaped(moment.e)}`}`;
    const lines = (moment.l || []).reduce((sum, [, ...numbers]) => sum + numbers.length, 0);
    const ran = lines ? `, runs ${lines} line${lines > 1 ? "s" : ""} and` : " and";
    return `${head}${ran} now waits for ${state.ready.includes(moment.a) ? bold("its next turn") : this.#waitedFor(state.where[moment.a])}`;
  }

  #waitedFor(where) {
    const { phrase = "its next turn", line } = this.waitsFor(where), plain = PLAIN[phrase];
    if (plain) return `${bold(plain)} (${[phrase, line].filter(Boolean).map(escaped).join(", ")})`;
    return `${bold(phrase)}${line ? ` at ${line}` : ""}`;
  }

  #ofTheLoop(i) {
    const moment = this.moments[i], label = this.label(moment.a);
    if (/_on_timeout$/.test(label)) return `${bold("The deadline")} of a timeout has come, and cancels the task in its block`;
    if (TIMERS.test(label)) return `${bold("A timer")} is due at ${this.states[i].time} s`;
    const [, what, end = ""] = label.split(":"), who = escaped(this.client(end));
    const reader = end.endsWith("s") ? `the server's reader for ${who}` : `${who}'s reader`;
    if (what === "arrived") {
      const bytes = (moment.n || []).reduce((sum, [, , , received]) => sum + received, 0);
      const news = this.#isBroken(i, end) ? "the connection was broken off" : "no more will come";
      return `${bold("The network")} ${bytes ? `hands ${size(bytes)} to ${reader}` : `tells ${reader} that ${news}`}`;
    }
    if (what === "room" && this.#isBroken(i, end)) return `${bold("The system")} gives up the connection with ${who}: it is broken`;
    if (what === "room") return `${bold("The wire")} ${end.endsWith("s") ? `to ${who}` : `from ${who} to the server`} has room again`;
    if (what === "connection_lost") return `${bold("The connection")} with ${who} is closed at ${end.endsWith("s") ? "the server's" : "the client's"} end`;
    if (/^(Chat|Person)\./.test(label)) return `${bold("What you did")} happens now`;
    return `${bold("The loop")} calls ${escaped(label)}`;
  }

  // "0s" is the server's end of connection 0, which writes in the odd direction.
  #isBroken(i, end) {
    const way = 2 * parseInt(end, 10) + (end.endsWith("s") ? 1 : 0);
    return Boolean(this.states[i].ways[way]?.[4] & BROKEN);
  }

  #consequences(i) {
    const moment = this.moments[i], said = [];
    const frames = this.scene.frames.filter((frame) => frame[4] === i);
    if (frames.length) {
      const to = new Set(frames.map(([way]) => (way % 2 ? this.client(way >> 1) : "the server")));
      said.push(`It writes ${frames.length === 1 ? "a frame" : `${frames.length} frames`} for ${[...to].map(escaped).join(", ")}.`);
    }
    const woken = (moment.p || []).filter((actor) => actor >= 0 && actor !== moment.a && this.tasks[actor].own);
    if (woken.length) said.push(`Now ready: ${[...new Set(woken)].map((actor) => bold(this.nameOf(actor))).join(", ")}.`);
    for (const [way, , , , , flags] of moment.n || []) {
      const was = i ? this.states[i - 1].ways[way] : null;
      if (flags & PAUSED && !(was && was[4] & PAUSED)) {
        const who = escaped(this.client(way >> 1));
        said.push(`<b class="hot">More than 64 KiB wait ${way % 2 ? `in the server for ${who}` : `at ${who} for the server`}: from now on, a task that calls drain has to wait.</b>`);
      }
    }
    return said;
  }

  #because(stop) {
    const cause = this.cause(stop);
    if (cause < 0) return "";
    const actor = this.moments[this.stops[cause]].a;
    const own = actor === this.moments[this.stops[stop]].a;
    return `<span class="soft">Made ready by ${own ? "itself" : escaped(this.nameOf(actor))}, moment ${cause + 1}.</span>`;
  }

  stopAt(i) {
    const found = this.stops.findIndex((j) => j >= i);
    return found < 0 ? this.stops.length - 1 : found;
  }

  // The stop that an address names: a mark's name, or turn=63; -1 for another address.
  stopOf(address) {
    const turn = /^turn=(\d+)$/.exec(address);
    if (turn) return this.stopAt(this.moments.findIndex(({ t }) => t >= turn[1]));
    const mark = this.marks.find(({ name }) => name === address);
    return mark ? this.stopAt(mark.moment) : -1;
  }
}

const made = (kind, cls = "", more = {}) => Object.assign(document.createElement(kind), { className: cls, ...more });
const named = (cls, ariaLabel, role = "group", more = {}) => made("div", cls, { ariaLabel, role, ...more });

// Shows one moment of a run in an element.
export class Stepper {
  constructor(box, scene, { at = 0 } = {}) {
    this.box = box;
    this.scene = scene;
    this.run = new Run(scene);
    this.end = this.run.stops.length - 1;
    this.marked = new Set(); // rows of the source that have a mark
    box.classList.add("stepper");
    Object.assign(box, { role: "group", ariaLabel: `Stepper: ${scene.title}`, tabIndex: -1 });
    box.replaceChildren(this.#head(), this.#keys(), this.#map(), this.#tour(), this.#sentence(), this.#body());
    box.addEventListener("keydown", (event) => this.#pressed(event));
    this.go(at);
  }

  #button(html, title, act, cls = "") {
    const button = made("button", cls, { type: "button", innerHTML: html, title, onclick: act });
    if (html.length < 3) button.ariaLabel = title;
    return button;
  }

  #head() {
    const head = made("div", "st-head");
    this.whyButton = this.#button("Why now?", "Go to the moment that made this one ready (W)", () => this.why(), "st-why");
    this.range = made("input", "", {
      type: "range", min: 0, max: this.end, ariaLabel: "Moment", oninput: () => this.go(Number(this.range.value)),
    });
    this.clock = made("span", "st-clock");
    head.append(
      this.#button("|◂", "To the beginning", () => this.go(0), "st-ends"),
      this.#button("◂", "One moment back", () => this.go(this.at - 1)),
      this.#button("▸", "One moment on", () => this.go(this.at + 1)),
      this.#button("▸|", "To the end", () => this.go(this.end), "st-ends"),
      this.whyButton, this.range, this.clock,
    );
    return head;
  }

  #map() {
    const map = made("div", "st-map", { ariaHidden: "true" });
    const { rows, svg } = this.#drawn();
    const label = (actor) => {
      const { colour = "var(--soft)", name = "network, clock" } = this.run.tasks[actor] || {};
      return `<span style="color:${colour}">${escaped(name)}</span>`;
    };
    map.innerHTML = `<div>${rows.map(label).join("")}</div><div class="st-plot">${svg}<i></i></div>`;
    this.plot = map.lastChild;
    const to = (event) => {
      const { left, width } = this.plot.getBoundingClientRect();
      this.go(Math.floor(((event.clientX - left) / width) * this.run.stops.length));
    };
    this.plot.onpointerdown = (event) => {
      to(event);
      this.plot.setPointerCapture(event.pointerId);
    };
    this.plot.onpointermove = (event) => event.buttons && to(event);
    return map;
  }

  // A row for each task, a column for each moment.
  #drawn() {
    const { stops, moments, states, tasks } = this.run;
    const ran = new Set(stops.map((i) => moments[i].a));
    const rows = tasks.filter(({ own, number }) => own && ran.has(number)).map(({ number }) => number);
    if ([...ran].some((actor) => actor < 0 || !tasks[actor].own)) rows.push(-1);
    const y = (actor) => (rows.includes(actor) ? rows.indexOf(actor) : rows.length - 1) * MAPPED;
    const stuck = (actor, i) => !states[i].where[actor]?.end && /drain/.test(states[i].where[actor]?.phrase);
    const parts = [];
    for (const actor of rows) {
      stops.forEach((i, x) => {
        if (actor >= 0 && stuck(actor, i)) parts.push(`<rect x="${x}" y="${y(actor) + 5.4}" width="1" height="2.2" fill="var(--hot)"/>`);
      });
    }
    stops.forEach((i, x) => {
      const actor = moments[i].a, task = tasks[actor];
      const fill = task ? `fill="${task.colour}"` : 'fill="var(--soft)" opacity=".45"';
      parts.push(`<rect x="${x + 0.08}" y="${y(actor) + 2}" width=".84" height="${MAPPED - 4}" ${fill}/>`);
    });
    const height = rows.length * MAPPED;
    const svg = `<svg viewBox="0 0 ${stops.length} ${height}" preserveAspectRatio="none" style="height:${height}px">${parts.join("")}</svg>`;
    return { rows, svg };
  }

  #tour() {
    this.tour = named("st-tour", "Named moments");
    this.run.marks.forEach(({ name, title, moment }, number) => {
      const button = this.#button(escaped(`${number + 1} · ${title}`), title, () => this.go(this.run.stopAt(moment)));
      Object.assign(button.dataset, { name, stop: this.run.stopAt(moment) });
      this.tour.append(button);
    });
    this.tour.hidden = !this.tour.children.length;
    return this.tour;
  }

  #sentence() {
    const box = made("div", "st-say");
    this.claim = made("p", "st-claim");
    this.sentence = made("div", "", { role: "status" });
    this.path = made("div", "st-path");
    box.append(this.claim, this.sentence, this.path);
    return box;
  }

  #body() {
    const body = made("div", "st-body"), source = made("div", "st-source");
    this.tabs = named("st-tabs", "Files");
    this.code = named("st-code highlight", "The source", "region", { tabIndex: 0 });
    this.rows = this.scene.files.map((file) => this.#rowsOf(file));
    this.scene.files.forEach((file, number) => this.tabs.append(this.#button(escaped(file.n), `Show ${file.n}`, () => this.show(number))));
    source.append(this.tabs, this.code);
    this.side = made("div", "st-side");
    this.side.addEventListener("click", ({ target }) => {
      const lane = target.closest(".st-lane");
      if (lane) this.visit(Number(lane.dataset.actor));
    });
    body.append(source, this.side);
    return body;
  }

  // The build has coloured the lines as the page does; elsewhere they are plain.
  #rowsOf(file) {
    const lines = file.h || file.t.replace(/\n$/, "").split("\n").map(escaped);
    return lines.map((html, n) => made("div", "st-line", { innerHTML: `<i>${n + 1}</i><code>${html || " "}</code><span class="st-chips"></span>` }));
  }

  #keys() {
    return made("div", "st-keys", {
      innerHTML: `<kbd>←</kbd> <kbd>→</kbd> a moment · <kbd>Shift</kbd> with them: the same task · <kbd>Page ↑↓</kbd> ten · <kbd>Home</kbd> <kbd>End</kbd> · <kbd>W</kbd> why now · press a task: its next moment, or its last`,
    });
  }

  #pressed(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest(".st-code") && /Page|Arrow|Home|End/.test(event.key)) return; // it scrolls
    if (by && event.shiftKey) this.next(this.#now().moment.a, by);
    else if (by) this.go(this.at + by);
    else if (event.key.toLowerCase() === "w") this.why();
    else if (event.key === "Home") this.go(0);
    else if (event.key === "End") this.go(this.end);
    else return;
    event.preventDefault();
    event.stopPropagation(); // the page would turn to the next chapter
  }

  why() {
    const cause = this.run.cause(this.at);
    if (cause >= 0) this.go(cause);
  }

  next(actor, by) {
    const { stops, moments } = this.run, step = Math.sign(by);
    for (let stop = this.at + step; stops[stop] >= 0; stop += step) {
      if (moments[stops[stop]].a !== actor) continue;
      this.go(stop);
      return true;
    }
    return false;
  }

  // A task that never goes on is where it was last: that is the answer to *why not?*
  visit(actor) {
    if (!this.next(actor, 1) && !this.next(actor, -1)) {
      this.sentence.innerHTML = `${bold(this.run.nameOf(actor))} does not run here.`;
    }
  }

  follow(address) {
    const stop = this.run.stopOf(address);
    if (stop >= 0) this.go(stop);
  }

  go(stop) {
    const inside = this.box.contains(document.activeElement);
    this.at = Math.max(0, Math.min(this.end, stop));
    this.range.value = this.at;
    this.#tell();
    this.#markSource();
    this.#drawSide();
    // What had the focus may be gone.
    if (inside && !this.box.contains(document.activeElement)) this.box.focus({ preventScroll: true });
  }

  #now() {
    const i = this.run.stops[this.at];
    return { i, moment: this.run.moments[i], state: this.run.states[i] };
  }

  #tell() {
    const { stops } = this.run;
    const { i, moment, state } = this.#now();
    this.range.ariaValueText = `moment ${this.at + 1} of ${stops.length}`;
    this.clock.innerHTML = `moment <b>${this.at + 1}</b>/${stops.length} · turn <b>${moment.t}</b> · <b>${state.time.toFixed(3)}</b> s`;
    this.plot.lastChild.style.left = `${(100 * (this.at + 0.5)) / stops.length}%`;
    this.whyButton.ariaDisabled = this.run.cause(this.at) < 0;
    const { says = "" } = this.#namedHere() || {};
    this.claim.textContent = says;
    this.claim.hidden = !says;
    this.sentence.innerHTML = this.run.words(this.at);
    for (const button of this.tour.children) {
      const here = Number(button.dataset.stop) === this.at;
      button.ariaCurrent = here;
      if (here) this.tour.scrollLeft = button.offsetLeft - this.tour.offsetLeft - 14;
    }
    this.#drawPath(moment, state);
  }

  #namedHere() {
    return this.run.marks.find(({ moment }) => this.run.stopAt(moment) === this.at);
  }

  // Down the chain of awaits: each link leads to its line.
  #drawPath(moment, state) {
    const where = moment.a >= 0 && !moment.e ? state.where[moment.a] : null;
    this.path.hidden = !where || where.chain.length < 2;
    if (this.path.hidden) return;
    const links = where.chain.map(([file, line]) => {
      const link = this.#button(`${escaped(this.#functionAt(file, line))}:${line}`, `Show ${this.run.place([file, line])}`, () => this.#reveal(file, line));
      link.style.setProperty("--task", this.run.tasks[moment.a].colour);
      return link;
    });
    this.path.replaceChildren(...links, made("b", "", { textContent: where.phrase || "" }));
  }

  #functionAt(file, line) {
    const text = (n) => this.rows[file][n]?.children[1].textContent ?? "";
    const depth = text(line - 1).search(/\S/);
    for (let n = line - 1; n >= 0; n--) {
      const found = /^(\s*)(?:async )?def (\w+)/.exec(text(n));
      if (found && (found[1].length < depth || n === line - 1)) return found[2];
    }
    return "module";
  }

  show(number) {
    if (this.file !== number) {
      this.file = number;
      this.code.replaceChildren(...this.rows[number]);
    }
    [...this.tabs.children].forEach((tab, n) => (tab.ariaPressed = n === number));
  }

  #reveal(file, line) {
    const row = this.rows[file][line - 1];
    this.show(file);
    if (row) this.code.scrollTo(0, Math.max(0, row.offsetTop - this.code.clientHeight * 0.6));
  }

  #mark(file, line, cls, colour) {
    const row = this.rows[file][line - 1];
    if (!row) return null;
    row.classList.add(cls);
    if (colour) row.style.setProperty("--task", colour);
    this.marked.add(row);
    return row;
  }

  #markSource() {
    for (const row of this.marked) {
      row.className = "st-line";
      row.lastChild.replaceChildren();
      row.style.removeProperty("--task");
    }
    this.marked.clear();
    const { moment, state } = this.#now();
    let focus = null;
    for (const [file, ...lines] of moment.l || []) {
      for (const line of lines) if (this.#mark(file, line, "ran")) focus = [file, line];
    }
    for (const [actor, where] of Object.entries(state.where)) {
      const task = this.run.tasks[actor];
      if (!task.own || where.end || !where.chain.length) continue;
      const runs = Number(actor) === moment.a, [file, line] = where.chain.at(-1);
      const row = this.#mark(file, line, runs ? "now" : "chips", runs ? task.colour : "");
      row?.lastChild.insertAdjacentHTML("beforeend", this.#chip(Number(actor), runs));
      if (!runs) continue;
      focus = [file, line];
      for (const [f, l] of where.chain.slice(0, -1)) this.#mark(f, l, "via", task.colour);
    }
    const look = this.#namedHere()?.look;
    if (look) this.#mark(...look, "look");
    if (look || focus) this.#reveal(...(look || focus));
    else if (this.file === undefined) this.show(0);
  }

  #chip(actor, runs = false) {
    if (actor >= 0) {
      const { name, colour } = this.run.tasks[actor];
      return `<span class="chip ${runs ? "runs" : ""}" style="--task:${colour}" title="${escaped(name)}">${escaped(name.replace("handler of ", ""))}</span>`;
    }
    const [kind, what, end = ""] = this.run.label(actor).split(":");
    const who = this.run.client(end);
    const words = { arrived: end.endsWith("s") ? `bytes from ${who}` : `bytes for ${who}`, room: end.endsWith("s") ? `room to ${who}` : `room from ${who}`, accept: "a new connection" };
    return `<span class="chip net">${escaped(kind === "net" ? words[what] || `end of ${who}` : this.run.nameOf(actor))}</span>`;
  }

  #drawSide() {
    const { i, state } = this.#now();
    const focused = document.activeElement?.closest?.(".st-lane")?.dataset.actor;
    this.side.innerHTML = [
      this.#lanes(i), this.#queue(state), this.#timers(state), this.#bytes(i), this.#values(i), this.#printed(state),
    ].join("");
    if (focused) this.side.querySelector(`.st-lane[data-actor="${focused}"]`)?.focus();
    const printed = this.side.querySelector(".st-out");
    if (printed) printed.scrollTop = printed.scrollHeight;
  }

  #lanes(i) {
    const state = this.run.states[i];
    const lanes = Object.entries(state.where).filter(([actor]) => this.run.tasks[actor].own).map(([actor, where]) => {
      const task = this.run.tasks[actor], runs = Number(actor) === this.run.moments[i].a;
      return `<button type="button" class="st-lane ${runs ? "runs" : ""} ${where.end ? "gone" : ""}" data-actor="${actor}" style="--task:${task.colour}"><b>${escaped(task.name)}</b><span>${this.#state(actor, where, state)}</span></button>`;
    });
    return `<h4>Tasks, and what each waits for</h4>${lanes.join("")}`;
  }

  #state(actor, where, state) {
    if (where.end) return escaped(where.end);
    if (state.ready.includes(Number(actor))) return `<em>ready</em>${this.#beside(state.values[actor])}`;
    const { phrase, line } = this.run.waitsFor(where);
    const hot = /drain/.test(phrase) ? ' class="hot"' : "";
    return `<em${hot}>${escaped(phrase || "")}</em>${line && ` · ${line}`}${this.#beside(state.values[actor])}`;
  }

  // In a scene without a network there is room for values.
  #beside(values) {
    if (!values || this.scene.conns.length) return "";
    const shown = Object.entries(values).slice(0, 3).map(([name, value]) => `${escaped(name)} = ${escaped(value)}`);
    return shown.length ? ` <code>${shown.join(", ")}</code>` : "";
  }

  #queue({ ready }) {
    const shown = ready.filter((actor) => (actor >= 0 ? this.run.tasks[actor].own : /^net:(arrived|room)|_on_timeout$/.test(this.run.label(actor))));
    const chips = shown.map((actor) => this.#chip(actor)).join("");
    const end = this.at === this.end;
    return `<h4>Ready to run, in this order</h4><div class="st-queue">${chips || (end ? "nothing" : "nothing: the clock moves on")}</div>`;
  }

  #timers({ timers }) {
    if (!this.run.moments.some(({ tn }) => tn)) return "";
    const shown = [...timers.values()].filter(([, who]) => who < 0 || this.run.tasks[who].own);
    const chips = shown.sort((a, b) => a[0] - b[0]).slice(0, 6).map(([when, who]) => `<span>${when.toFixed(3)} s</span>${this.#chip(who)}`);
    return `<h4>Timers</h4><div class="st-queue">${chips.join("") || "none"}</div>`;
  }

  #bytes(i) {
    if (!this.scene.conns.length) return "";
    const head = `<div class="st-pipe st-head-row"><b>→ to, ← from</b><div class="st-segments"><span>sender keeps ¦ drain waits</span><span>on the wire</span><span>not read yet</span></div></div>`;
    const pipes = this.scene.conns.flatMap((who, n) => [this.#pipe(i, who, 2 * n + 1), this.#pipe(i, who, 2 * n)]);
    return `<h4>Bytes under way</h4>${head}${pipes.join("")}`;
  }

  // One direction of a connection: odd numbers lead to the client.
  #pipe(i, who, way) {
    const counted = this.run.states[i].ways[way], toClient = way % 2;
    if (!counted || (!toClient && !this.#everFills(way))) return "";
    const [written, sent, received, read, flags] = counted;
    const kept = flags & (CLOSED | BROKEN) ? 0 : written - sent; // an abort discards it
    const segments = [
      [kept, ROOM.kept, flags & PAUSED],
      [sent - received, ROOM.wire, sent - received >= ROOM.wire],
      [received - read, ROOM.unread, flags & NOT_READING],
    ].map(([bytes, most, full]) => `<div class="${full ? "full" : ""}"><u style="width:${Math.min(100, (100 * bytes) / most)}%"></u><q>${bytes ? size(bytes) : ""}</q></div>`);
    const frames = this.scene.frames.filter((frame) => frame[0] === way && frame[4] <= i && frame[2] > read);
    const oldest = frames.length ? `<span class="st-frame">${frames.length > 1 ? `${frames.length} frames, the oldest ` : ""}${escaped(frames[0][3])}</span>` : "";
    const end = flags & BROKEN ? " broken" : flags & CLOSED ? " closed" : flags & FINISHED ? " ended" : flags & NOT_READING ? " paused" : "";
    return `<div class="st-pipe"><b class="${toClient ? "" : "back"}">${toClient ? "→" : "←"} ${escaped(who)}${end}</b><div class="st-segments">${segments.join("")}</div>${oldest}</div>`;
  }

  #everFills(way) {
    return this.run.states.filter(({ ways }) => ways[way] && ways[way][2] - ways[way][3] > 4 * KIB).length > 2;
  }

  #values(i) {
    const state = this.run.states[i], actor = this.run.moments[i].a;
    const before = this.at ? this.run.states[this.run.stops[this.at - 1]] : { values: {}, globals: {} };
    const one = ([name, value], old) => `<span class="${value !== old[name] ? "new" : ""}"><s>${escaped(name)} =</s> ${escaped(value)}</span>`;
    const globals = Object.entries(state.globals).map((pair) => one(pair, before.globals));
    const own = Object.entries((actor >= 0 && state.values[actor]) || {}).filter(([name]) => name !== "self");
    const locals = own.map((pair) => one(pair, before.values[actor] || {}));
    if (!globals.length && !locals.length) return "";
    return `<h4>Values</h4><div class="st-values">${[...globals, ...locals].join("")}</div>`;
  }

  #printed({ printed }) {
    if (!this.run.moments.some(({ o }) => o)) return "";
    return `<h4>Printed</h4><pre class="st-out" tabindex="0">${escaped(printed)}</pre>`;
  }
}

// -- posters: a figure in the page that opens the stepper over the window

// A dialog as large as the window: `open(from)` returns the box in it, and what opened it
// has the focus again when it is closed.
export function dialogOf(title, id, closed = () => {}) {
  const dialog = made("dialog", "st-dialog");
  const close = made("button", "st-close", { type: "button", textContent: "Close", onclick: () => dialog.close() });
  const head = made("h2", "", { textContent: title, id: `${id}-title` });
  const bar = made("div", "st-bar"), box = made("div", "", { textContent: "Fetching the recording ..." });
  dialog.setAttribute("aria-labelledby", head.id);
  bar.append(head, close);
  dialog.append(bar, box);
  document.body.append(dialog);
  let opener;
  // Sphinx's own keys would take Escape from the dialog.
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  dialog.addEventListener("close", () => {
    closed();
    opener?.focus();
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  });
  return (from) => {
    opener = from;
    if (!dialog.open) dialog.showModal();
    return box;
  };
}

// The scene is fetched when the dialog is opened for the first time.
function dialogFor(poster) {
  const show = dialogOf(poster.dataset.title, poster.id);
  let stepper;
  return async (address, from) => {
    const box = show(from);
    try {
      stepper ??= new Stepper(box, await (await fetch(poster.dataset.scene)).json());
    } catch (error) {
      box.textContent = `Not fetched: ${error.message}`;
      return;
    }
    if (address) stepper.follow(address);
    box.focus({ preventScroll: true });
  };
}

// Let every poster of the page open its stepper, and let addresses lead to moments.
export function mountAll() {
  const openers = new Map(); // the name of a moment: what opens it
  const posters = [...document.querySelectorAll(".st-poster")];
  for (const poster of posters) {
    const open = dialogFor(poster);
    const button = poster.querySelector(".st-open");
    button.hidden = false;
    button.onclick = () => open("", button);
    for (const link of poster.querySelectorAll("[data-moment]")) openers.set(link.dataset.moment, (from) => open(link.dataset.moment, from || button));
    openers.set(poster, (from, address) => open(address, from || button));
  }
  const follow = (from) => {
    const address = decodeURIComponent(location.hash.slice(1));
    if (openers.has(address)) openers.get(address)(from);
    else if (/^turn=\d+$/.test(address) && posters.length) openers.get(posters[0])(from, address);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const address = link && decodeURIComponent(link.getAttribute("href").slice(1));
    if (!link || !openers.has(address)) return;
    event.preventDefault();
    history.replaceState(null, "", `#${address}`);
    openers.get(address)(link);
  });
  addEventListener("hashchange", () => follow(null));
  follow(null);
  document.documentElement.dataset.stepper = "ready";
}

// Another script of the page may have loaded this one by another address already.
const mounted = typeof document === "undefined" || document.documentElement.dataset.stepper;
if (!mounted && document.querySelector(".st-poster")) mountAll();
