// A rooms server in plain node, as docs/protocol.rst describes it, up to step 05.
//
//     node rooms.mjs PORT [FAULT]
//
// It shows that the checker judges a server in any language:
//
//     python -m lab check 05 -- node tests/servers/rooms.mjs {port}
//
// With the name of a FAULT it makes that one mistake. Each is a place that asks
// `wrong("name")`; whoever reads how the server works can read past them.

import net from "node:net";

const FAULTS = {
  no_hang_up: "leaves a connection open that ends in the middle of a header",
  answers_ok: "answers whoever joins with \"ok\", which is no message",
  closes_in_silence: "does not answer the only visitor that a room ever had",
  answers_once: "does not answer whoever joins a room for the second time",
  hates_the_unknown: "hangs up on whoever sends an action that it does not know",
  dies_of_bytes: "ends, and all of it, when a payload is not UTF-8",
  hears_strangers: "lets people join who have not said who they are",
  takes_every_name: "takes a new name from every connect",
  echoes: "tells the one who speaks, too",
  reorders: "lets others overtake every tenth message",
  sorts_rooms: "lets one room overtake the other, where both are spoken to at once",
  tells_all_rooms: "tells everyone in any room",
  hears_outsiders: "relays what is said by people who are not in the room",
  counts_joins: "lets who has joined twice speak until they have left twice",
  trusts_from: "believes the name that a message brings along",
  passes_on: "relays the message that came, with whatever is in it",
  no_members: "does not tell the joiner who is there",
  keeps_it_quiet: "does not tell the others who joins",
  tells_joins_twice: "tells the others when somebody joins who is there already",
  tells_leaves_twice: "tells the others when somebody leaves who is not there",
  leaves_one_room: "takes a client that has gone out of one of its rooms only",
  stays_after_rubbish: "keeps a client in its rooms that was thrown out for rubbish",
  blames_the_talker: "ends whoever spoke last to a connection that breaks",
};

const [port, fault = ""] = process.argv.slice(2);
if (!/^\d+$/.test(port ?? "") || (fault && !(fault in FAULTS))) {
  console.error("usage: node rooms.mjs PORT [FAULT]; the faults are:");
  for (const [name, what] of Object.entries(FAULTS)) console.error(`  ${name}: ${what}`);
  process.exit(2);
}
const wrong = (name) => name === fault;

const HEADER = 3; // bytes: the size of the payload, unsigned, lowest byte first
const utf8 = new TextDecoder("utf-8", { fatal: true }); // throws at bytes that are not

const rooms = new Map(); // the name of a room -> the set of those who are in it

class Rubbish extends Error {} // what ends a connection, and no other

// Frames

function frame(message) {
  const payload = Buffer.from(JSON.stringify(message));
  const header = Buffer.alloc(HEADER);
  header.writeUIntLE(payload.length, 0, HEADER);
  return Buffer.concat([header, payload]);
}

// Takes the bytes that have come; yields each message, and returns what is left over.
function* messages(bytes) {
  while (bytes.length >= HEADER) {
    const end = HEADER + bytes.readUIntLE(0, HEADER);
    if (bytes.length < end) break;
    const message = parsed(bytes.subarray(HEADER, end));
    bytes = bytes.subarray(end);
    if (message !== undefined) yield message;
  }
  return bytes;
}

function parsed(payload) {
  let text, message;
  try {
    text = utf8.decode(payload);
  } catch {
    if (wrong("dies_of_bytes")) process.exit(1);
    throw new Rubbish("not UTF-8");
  }
  try {
    message = JSON.parse(text);
  } catch {
    return undefined; // text that is not JSON is passed over
  }
  const isObject = typeof message === "object" && message && !Array.isArray(message);
  if (!isObject) throw new Rubbish("not an object");
  return message;
}

// The string in a field that a message cannot do without.
function field(message, name) {
  if (typeof message[name] !== "string") throw new Rubbish(`no ${name}`);
  return message[name];
}

// Clients

class Client {
  name = null; // until connect
  rooms = new Set();
  gone = false; // it has left all of them, for good
  joins = new Map(); // how often it has asked to join each room: for a fault only
  said = 0; // for a fault, too, and so is the next one
  spokeToMe = null;

  constructor(socket) {
    this.socket = socket;
  }

  send(message) {
    // Written to a socket that has ended it would only be an error.
    if (this.socket.writable) this.socket.write(frame(message));
  }

  handle(message) {
    switch (message.action) {
      case "connect":
        return this.connect(message);
      case "joinroom":
        return this.joinroom(message);
      case "leaveroom":
        return this.leaveroom(message);
      case "chat":
        return this.chat(message);
      default: // whatever it is, it is passed over
        if (wrong("hates_the_unknown")) throw new Rubbish("unknown");
    }
  }

  connect(message) {
    const name = field(message, "username");
    if (this.name === null || wrong("takes_every_name")) this.name = name;
  }

  joinroom(message) {
    if (this.name === null && !wrong("hears_strangers")) return;
    const room = field(message, "room");
    const others = this.others(room);
    const isNew = !this.rooms.has(room);
    if (isNew) {
      if (!rooms.has(room)) rooms.set(room, new Set());
      rooms.get(room).add(this);
      this.rooms.add(room);
    }
    rooms.get(room).visits = (rooms.get(room).visits ?? 0) + 1;
    this.joins.set(room, (this.joins.get(room) ?? 0) + 1);

    const notice = { action: "joinroom", room, from: this.name };
    const members = [...rooms.get(room)].map((member) => member.name);
    if (wrong("answers_ok")) this.send("ok");
    else if (wrong("no_members")) this.send(notice);
    else if (isNew || !wrong("answers_once")) this.send({ ...notice, members });
    if ((isNew || wrong("tells_joins_twice")) && !wrong("keeps_it_quiet")) {
      for (const other of others) other.send(notice);
    }
  }

  leaveroom(message) {
    if (this.name === null) return;
    const room = field(message, "room");
    const notice = { action: "leaveroom", room, from: this.name };
    const only = rooms.get(room)?.visits === 1;
    const others = this.others(room);
    const left = this.leave(room);
    if (!(only && wrong("closes_in_silence"))) this.send(notice);
    if (left || wrong("tells_leaves_twice")) {
      for (const other of others) other.send(notice);
    }
  }

  chat(message) {
    const room = field(message, "room");
    const text = field(message, "message");
    if (!this.mayTalkIn(room)) return;
    // Built from what we know: whatever else the client put in ends here.
    let relay = { action: "chat", room, message: text, from: this.name };
    if (wrong("trusts_from")) relay.from = message.from ?? this.name;
    if (wrong("passes_on")) relay = { ...message, from: this.name };
    let listeners = this.others(room);
    if (wrong("echoes")) listeners.push(this);
    if (wrong("tells_all_rooms")) {
      const everyone = new Set([...rooms.values()].flatMap((members) => [...members]));
      listeners = [...everyone].filter((client) => client !== this);
    }
    for (const listener of listeners) listener.spokeToMe = this;
    const deliver = () => listeners.forEach((listener) => listener.send(relay));
    this.said += 1;
    if (wrong("reorders") && this.said % 10 === 0) setTimeout(deliver, 5);
    else if (wrong("sorts_rooms") && this.rooms.size > 1 && room !== [...this.rooms][0])
      setTimeout(deliver, 5);
    else deliver();
  }

  mayTalkIn(room) {
    if (wrong("hears_outsiders")) return true;
    if (wrong("counts_joins") && this.joins.get(room) > 0) return true;
    return this.rooms.has(room);
  }

  // Everyone in the room but this client.
  others(room) {
    return [...(rooms.get(room) ?? [])].filter((member) => member !== this);
  }

  // Whether there was a room to leave.
  leave(room) {
    if (this.joins.get(room) > 0) this.joins.set(room, this.joins.get(room) - 1);
    if (!this.rooms.delete(room)) return false;
    rooms.get(room).delete(this);
    if (rooms.get(room).size === 0) rooms.delete(room);
    return true;
  }

  leaveAll() {
    if (this.gone) return;
    this.gone = true;
    const all = [...this.rooms];
    for (const room of wrong("leaves_one_room") ? all.slice(0, 1) : all) {
      const others = this.others(room);
      this.leave(room);
      const notice = { action: "leaveroom", room, from: this.name };
      for (const other of others) other.send(notice);
    }
  }
}

// The server. node runs one of these functions at a time, and none of them waits: what
// asyncio needs care for between two awaits cannot happen here. A slow reader holds
// nobody up; what it does not read piles up in this process instead.

function connected(socket) {
  const client = new Client(socket);
  let unread = Buffer.alloc(0);
  let thrownOut = false;
  const leave = () => {
    if (!(thrownOut && wrong("stays_after_rubbish"))) client.leaveAll();
  };
  socket.setNoDelay();

  socket.on("data", (data) => {
    if (thrownOut) return;
    try {
      const arrived = messages(Buffer.concat([unread, data]));
      let next;
      while (!(next = arrived.next()).done) client.handle(next.value);
      unread = next.value;
    } catch (error) {
      if (!(error instanceof Rubbish)) throw error;
      thrownOut = true;
      leave();
      socket.end();
    }
  });
  socket.on("end", () => {
    leave();
    const inHeader = unread.length > 0 && unread.length < HEADER;
    if (!(inHeader && wrong("no_hang_up"))) socket.end();
  });
  // A connection may also break. "close" comes after either, and after "end".
  socket.on("error", () => {
    if (wrong("blames_the_talker")) client.spokeToMe?.socket.destroy();
  });
  socket.on("close", leave);
}

// allowHalfOpen: whoever has sent their last byte may still be waiting for answers.
const server = net.createServer({ allowHalfOpen: true }, connected);
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`Listening on 127.0.0.1:${server.address().port}`);
});
