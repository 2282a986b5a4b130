// The chat in a page: three people and a server, in the Python of the page.
//
// Python runs the step and its network in a simulation (lab/play), and the page sends it
// what is typed and pressed. What it tells is events and a state; a Pane shows one person.

import { available, fetching, hear, send } from "./shared.mjs";

const base = new URL("../", import.meta.url); // _static/
const PEOPLE = ["alice", "bob", "cleo"];
const SHOWN = 60; // lines of a pane
const FRAMES = 200; // lines of the log below
const TEXT = 160; // characters that are shown of a longer one
const LATER = 70; // seconds: every heartbeat of ours has noticed by then
const HELD = ["say", "fault"]; // what waits where time stands still
const KIB = 1024;
const FULL = 64 * KIB; // from here on, drain waits: the mark of a bar
const WHOLE = 1088 * KIB; // of a bar: 1 MiB in the server, and a full wire

const named = (who) => who[0].toUpperCase() + who.slice(1);
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 2)} …` : text);
const size = (bytes) => (bytes < KIB ? `${bytes} B` : `${Math.round(bytes / KIB)} KiB`);
const lines = (n) => (n === 1 ? "a line" : `${n} lines`);

function make(kind, className = "", properties = {}) {
  return Object.assign(document.createElement(kind), { className, ...properties });
}

function button(words, pressed, properties = {}) {
  return make("button", "", { type: "button", textContent: words, onclick: pressed, ...properties });
}

function append(list, line, most) {
  list.append(line);
  while (list.childElementCount > most) list.firstElementChild.remove();
}

/** Change some lists. The end of each stays in view, if it was; to measure it costs a layout. */
function keepEnds(lists, change) {
  const ending = lists.filter((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 30);
  change();
  for (const list of ending) list.scrollTop = list.scrollHeight;
}

// What one person sees, and what can be done to them.
class Pane {
  constructor(who, act) {
    this.who = who;
    this.typed = []; // lines that were not sent yet
    const name = named(who);
    this.box = make("section", "chat-pane", { ariaLabel: name });
    this.box.style.setProperty("--who", `var(--${who})`);
    this.condition = make("span", "chat-condition");
    const head = make("header");
    head.append(make("b", "", { textContent: name }), this.condition);
    this.talk = make("div", "chat-talk", { role: "log", ariaLabel: `What ${name} sees`, tabIndex: 0 });
    this.talk.setAttribute("aria-live", "off"); // one region tells of all three
    this.add("note", "not connected yet");
    this.bar = make("div", "chat-bar");
    this.bar.append(make("i", "kept"), make("i", "wire"));
    this.waiting = make("div", "chat-waiting");
    this.box.append(head, this.talk, this.form(name, act), this.bar, this.waiting, this.faults(name, act));
  }

  form(name, act) {
    const form = make("form");
    this.input = make("input", "", { placeholder: "Say something", autocomplete: "off", ariaLabel: `What ${name} says`, maxLength: 500 });
    form.append(this.input, make("button", "", { textContent: "Say", ariaLabel: `Say it as ${name}` }));
    form.onsubmit = (event) => {
      event.preventDefault();
      if (!this.input.value.trim()) return;
      act({ type: "say", who: this.who, text: this.input.value });
      this.input.value = "";
    };
    return form;
  }

  faults(name, act) {
    const box = make("div", "chat-faults", { role: "group", ariaLabel: `Faults for ${name}` });
    const fault = (fault) => this[`${fault}Button`]?.ariaDisabled !== "true" && act({ type: "fault", name: fault, who: this.who });
    this.pauseButton = button("stop reading", () => fault(this.state?.reads === false ? "resume" : "pause"));
    this.cutButton = button("pull the cable", () => fault(this.gone ? "return" : "cut"));
    this.resetButton = button("break the connection", () => fault("reset"));
    box.append(this.pauseButton, this.cutButton, this.resetButton);
    return box;
  }

  /** Whether all that can be done is to connect anew. */
  get gone() {
    return this.state && (!this.state.here || !this.state.plugged);
  }

  add(kind, text, by = "") {
    const line = make("div", kind);
    if (by) {
      line.append(make("b", "", { textContent: named(by) }), " ");
      line.style.setProperty("--by", `var(--${by}, var(--soft))`);
    }
    line.append(cut(text, TEXT));
    append(this.talk, line, SHOWN);
    return line;
  }

  sent({ action, message }) {
    if (action !== "chat") return;
    this.typed.shift()?.remove();
    this.add("said", message);
  }

  heard(message) {
    const { action, from } = message, own = from === this.who;
    if (action === "chat") this.add("heard", message.message, from);
    else if (action === "joinroom") this.add("note", own ? `You are in the room with ${this.others(message)}` : `${named(from)} has come`);
    else if (action === "leaveroom") this.add("note", `${named(from)} has left`);
    else if (action === "error") this.add("bad", `error: ${message.code}`);
    else if (action === "bye") this.add("bad", `bye: ${message.reason}`);
    else if (action === "ping") this.add("note", "ping, and the answer pong");
  }

  others({ members = [] }) {
    const others = members.filter((_, place) => place !== members.indexOf(this.who));
    return others.map((name) => (name === this.who ? `another ${named(name)}` : named(name))).join(" and ") || "nobody";
  }

  left({ why, unsent, unread }) {
    for (const line of this.typed.splice(0)) line.className = "typed lost";
    const lost = [unsent && `never sent: ${lines(unsent)}`, unread && `sent, but not read by the server: ${size(unread)}`];
    this.add("bad", [why, ...lost.filter(Boolean)].join("; "));
  }

  /** Show how the person is, and return it if it has changed. */
  show(state) {
    this.state = state;
    const { here, reads, plugged, dropped, kept, wire, old, behind, unsent } = state;
    const words = here ? [!plugged && "cable pulled", !reads && "does not read", dropped && "dropped"] : ["not connected"];
    const before = this.condition.textContent, now = words.filter(Boolean).join(", ");
    this.condition.textContent = now;
    this.pauseButton.textContent = reads || !here ? "stop reading" : "read again";
    this.pauseButton.classList.toggle("on", here && !reads);
    this.cutButton.textContent = this.gone ? "connect anew" : "pull the cable";
    this.cutButton.classList.toggle("on", this.gone);
    // Not disabled, or the focus would be lost.
    this.pauseButton.ariaDisabled = this.resetButton.ariaDisabled = !here;
    this.input.disabled = !here;
    this.bar.classList.toggle("full", kept > FULL);
    for (const [n, bytes] of [kept, wire].entries()) this.bar.children[n].style.width = `${(100 * bytes) / WHOLE}%`;
    const parts = [];
    if (kept || wire) parts.push(`for ${named(this.who)}: ${size(kept)} in the server, ${size(wire)} on the wire`);
    if (old) parts.push(`for the old connection: ${size(old)}`);
    if (behind || unsent) parts.push(`from ${named(this.who)}: ${size(behind)} not read by the server${unsent ? `, ${lines(unsent)} not sent` : ""}`);
    this.waiting.textContent = parts.join("; ") || "nothing waits";
    return now === before ? "" : `${named(this.who)}: ${now || "connected, and reads"}`;
  }
}

// The chat of a page.
class Chat {
  constructor(box) {
    this.box = box;
    this.data = JSON.parse(box.querySelector("script").textContent);
    this.state = null;
    this.opener = null;
    this.panes = Object.fromEntries(PEOPLE.map((who) => [who, new Pane(who, (message) => this.act(message))]));
    this.log = make("pre", "chat-log", { tabIndex: 0, role: "log", ariaLabel: "Frames" });
    this.log.setAttribute("aria-live", "off");
    this.news = make("div", "chat-news", { role: "status" });
    this.lists = [...PEOPLE.map((who) => this.panes[who].talk), this.log];
    const panes = make("div", "chat-panes");
    panes.append(...PEOPLE.map((who) => this.panes[who].box));
    this.room = make("div", "chat-room");
    const legend = make("p", "chat-legend", {
      textContent: "Dashed: typed, but not sent yet. A bar is what waits for this person in the server, and paler on the wire. "
        + "Its mark is at 64 KiB, where drain waits, and its end at 1 MiB, where the server gives up on a client (from step 06 on).",
    });
    const log = make("details", "chat-frames", { open: true });
    log.append(make("summary", "", { textContent: "Frames, as they are written: three bytes of size, then JSON" }), this.log);
    this.room.append(panes, legend, log, this.news);
    box.querySelector(".chat-without").hidden = true;
    box.append(this.head(), this.room);
    this.closed();
    hear("fetching", () => this.say(fetching()));
    hear("chat", ({ text }) => this.told(JSON.parse(text)));
    hear("gone", ({ words }) => this.gone(words));
  }

  head() {
    const head = make("div", "chat-head");
    const label = make("label", "", { textContent: "Server " });
    this.select = make("select", "", { onchange: () => this.started && this.open() });
    for (const [number, words] of this.data.steps) this.select.append(make("option", "", { value: number, textContent: `${number}: ${words}` }));
    this.select.value = this.data.step;
    label.append(this.select);
    this.startButton = button("Start the chat", () => this.started || this.open(), { className: "chat-start" });
    this.muchButton = button("Alice says much at once", () => this.act({ type: "fault", name: "much", who: "alice" }));
    this.stopButton = button("Stop the server", () => (this.state?.server === "up" ? this.stop() : this.open(false)));
    this.timeButton = button("Stop time", () => this.act({ type: "speed", speed: this.timeStands ? 1 : 0 }));
    this.laterButton = button("A good minute later", () => this.act({ type: "later", seconds: LATER }));
    this.sceneButton = button("What has just happened?", () => this.act({ type: "scene" }), { className: "chat-scene" });
    this.running = [this.muchButton, this.stopButton, this.timeButton, this.laterButton, this.sceneButton];
    this.clock = make("span", "chat-clock");
    head.append(label, this.startButton, ...this.running, this.clock);
    return head;
  }

  say(words) {
    if (!this.started) return;
    this.clock.textContent = words;
    this.news.textContent = words;
  }

  stop() {
    this.act({ type: "fault", name: "stop" });
    if (!this.timeStands) this.frame("note", "Ctrl-C: the server is to stop");
  }

  act(message) {
    if (message.type === "speed") this.timeIs(message.speed);
    if (message.type === "scene") this.opener = this.sceneButton;
    if (!this.started) this.open();
    if (this.timeStands && HELD.includes(message.type)) this.held++;
    send({ type: "chat", text: JSON.stringify(message) });
  }

  timeIs(speed) {
    this.timeStands = speed === 0;
    this.held = 0;
    this.timeButton.classList.toggle("on", this.timeStands);
    this.timeButton.textContent = this.timeStands ? "Let time go on" : "Stop time";
  }

  /** Begin anew, at the fault of the chapter unless it has just been seen. */
  open(first = true) {
    this.started = true;
    this.startButton.ariaDisabled = true;
    this.say("The chat begins ...");
    const step = this.select.value;
    const message = {
      type: "open", step,
      settings: step < this.data.step ? {} : this.data.settings, // an earlier step has no such constants
      first: first ? this.data.first : [],
    };
    send({ type: "chat", text: JSON.stringify(message) });
  }

  closed() {
    this.started = false;
    this.box.dataset.chat = "closed";
    this.startButton.hidden = false;
    this.startButton.ariaDisabled = false;
    for (const button of this.running) button.hidden = true;
  }

  gone(words) {
    if (!this.started) return;
    this.say(words);
    this.closed();
  }

  told(message) {
    this[{ opened: "opened", news: "happened", scene: "step", refused: "refused" }[message.type]](message);
  }

  opened() {
    this.box.dataset.chat = "open";
    if (document.activeElement === this.startButton) this.panes.alice.input.focus({ preventScroll: true });
    this.startButton.hidden = true;
    this.news.textContent = "The chat has begun.";
    for (const button of this.running) button.hidden = false;
    this.timeIs(1);
    this.log.replaceChildren();
    for (const pane of Object.values(this.panes)) {
      pane.talk.replaceChildren();
      pane.typed = [];
    }
  }

  refused({ text }) {
    this.news.textContent = `That cannot be done: ${text}.`;
    keepEnds(this.lists, () => this.frame("bad", `That cannot be done: ${text}.`));
  }

  happened({ events, state }) {
    this.state = state;
    keepEnds(this.lists, () => events.forEach((event) => this.show[event.kind]?.call(this, event)));
    const changed = PEOPLE.map((who) => this.panes[who].show(state.people[who])).filter(Boolean);
    this.stopButton.textContent = state.server === "up" ? "Stop the server" : "Begin again";
    this.muchButton.disabled = !state.people.alice.here;
    this.clock.textContent = this.inWords(state);
    this.tell(events, changed);
  }

  inWords({ time, server }) {
    const now = `${time.toFixed(1)} s`;
    if (this.timeStands) return `${now}: time stands still${this.held ? `; ${this.held} to come when it goes on` : ""}`;
    return { up: `${now} on the server's clock`, stopping: `${now}: the server is stopping ...`, stopped: `${now}: the server has stopped`, hangs: `${now}: the server does not stop, it hangs` }[server];
  }

  show = {
    typed({ who, text }) { this.panes[who].typed.push(this.panes[who].add("typed", text)); },
    sent({ who, message }) { this.panes[who].sent(message); },
    heard({ who, message }) { this.panes[who].heard(message); },
    left(event) { this.panes[event.who].left(event); },
    frame({ time, by, to, header, text }) { this.frame("", text, time, `${by} → ${to}`.replaceAll("the ", ""), header); },
    printed({ time, text }) { this.frame("note", `the server prints: ${text}`, time); },
    complained({ time, text }) { this.frame("bad", `the server complains: ${text.trim().split("\n").at(-1)}`, time); },
    stopped({ time, status }) { this.frame("note", `the server has stopped, with exit status ${status}`, time); },
    hangs({ time }) { this.frame("bad", "the server has not stopped after 5 seconds: it hangs", time); },
  };

  frame(kind, text, time = this.state?.time ?? 0, way = "", header = "") {
    const line = make("div", kind);
    line.append(make("i", "", { textContent: `${time.toFixed(2).padStart(6)}  ` }));
    if (way) line.append(make("i", "", { textContent: way.padEnd(15) }), " ", make("b", "", { textContent: header }), "  ");
    line.append(text);
    append(this.log, line, FRAMES);
  }

  /** Say to a screen reader what has arrived, once for all who have heard it, and how people are. */
  tell(events, changed) {
    const heard = new Map();
    for (const { kind, who, message } of events) {
      if (kind === "heard" && message.action === "chat") {
        const words = `${named(message.from)}: ${cut(message.message, TEXT)}`;
        heard.set(words, [...(heard.get(words) ?? []), named(who)]);
      }
    }
    const said = [...heard].slice(-3).map(([words, who]) => `${who.join(" and ")} hear${who.length > 1 ? "" : "s"} ${words}`);
    const ends = events.filter(({ kind }) => kind === "stopped" || kind === "hangs").map(() => this.clock.textContent);
    const news = [...said, ...changed, ...ends];
    if (news.length) this.news.textContent = news.join(". ");
  }

  /** Where to begin: where a handler got stuck, if one is, or at what was done last. */
  toLookAt({ run, end }) {
    const { stops, moments, states, tasks } = run;
    const last = states.at(-1).where;
    const isStuck = ({ name, number }) => name.startsWith("handler") && !last[number]?.end && /drain/.test(last[number]?.phrase);
    const stuck = tasks.filter(isStuck).map(({ number }) => stops.findLastIndex((i) => moments[i].a === number));
    const done = run.marks.at(-1);
    return Math.max(-1, ...stuck) >= 0 ? Math.max(...stuck) : done ? run.stopAt(done.moment) : end;
  }

  async step({ scene }) {
    if (!document.querySelector('link[href*="stepper.css"]')) {
      document.head.append(make("link", "", { rel: "stylesheet", href: new URL("stepper.css", base).href }));
    }
    const { Stepper, dialogOf } = await import(new URL("stepper.js", base));
    // Time stands still while somebody reads.
    this.dialog ??= dialogOf("What has just happened?", this.box.id, () => this.goOn && this.act({ type: "speed", speed: 1 }));
    this.goOn = !this.timeStands;
    if (this.goOn) this.act({ type: "speed", speed: 0 });
    const box = make("div");
    this.dialog(this.opener).replaceChildren(box);
    const stepper = new Stepper(box, scene);
    stepper.go(this.toLookAt(stepper));
    box.focus({ preventScroll: true });
  }
}

if (available) {
  for (const box of document.querySelectorAll(".chat[data-python]")) new Chat(box);
}
