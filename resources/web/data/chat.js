// The lines of the chat: one's own, others', and what others remember of before (docs/data-channels.md).

import { randomId } from "../ids.js";
import { MAX_HISTORY_LINES, MAX_KNOWN_IDS, MAX_LINE_CHARS, byteLength, encode } from "./messages.js";
import { cleanLine, cleanText } from "./texts.js";

const MAX_LINES = MAX_KNOWN_IDS;
const MAX_CHARS = 1_000_000; // of all lines, so that a history is no load for anybody
const MAX_FORGOTTEN_IDS = 5000;
const HISTORY_BYTES = 48 * 1024;
const MAX_SAID_AGAIN = 50; // the others go with the history
const CLOCK_TOLERANCE_MS = 60_000; // a clock that is farther off is not believed
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

/**
 * Events: "line" (detail: a line that is new or whose delivery changed), "removed" (detail: the id of the oldest one).
 * A line is what the wire has, with own, firsthand (it came from its author), and of own ones recipients and delivered
 * (Sets of user ids).
 */
export class ChatService extends EventTarget {
  capability = "chat";
  labels = ["chat"];
  lines = []; // in the order of sentMs, then id
  #byId = new Map();
  #forgotten = new Set(); // ids of lines whose place newer ones have taken
  #chars = 0;
  #hub;
  #saidAgain = new WeakMap(); // by link: lines that went out when its connection was ready
  #answered = new WeakMap(); // by link: the connection on which its chat-known was answered

  constructor(hub) {
    super();
    this.#hub = hub;
  }

  /** Say something to everybody, or to one; returns the line, null when there is nothing to say. */
  say(text, to = null) {
    const words = cleanText(text.toWellFormed?.() ?? text);
    if (words === "" || Array.from(words).length > MAX_LINE_CHARS) {
      return null;
    }
    const { userId, name } = this.#hub;
    const line = {
      id: randomId(),
      author: userId,
      authorName: name,
      text: words,
      sentMs: this.#nextMs(),
      to,
    };
    const present = Array.from(this.#hub.links.values()).filter((link) => !link.isReady || link.understands("chat"));
    const links = present.filter((link) => to === null || link.userId === to);
    const recipients = to === null ? links.map((link) => link.userId) : [to];
    this.#add({ ...line, own: true, firsthand: true, recipients: new Set(recipients), delivered: new Set() });
    for (const link of links.filter(({ isReady }) => isReady)) {
      link.send("chat", { type: "chat-line", line }); // the others are told when there is a connection
    }
    return line;
  }

  /** These participants have no chat: no line waits for them. */
  giveUp(userIds) {
    for (const line of this.lines.filter(({ own }) => own)) {
      const waiting = userIds.filter((userId) => line.recipients.has(userId) && !line.delivered.has(userId));
      if (waiting.length > 0) {
        waiting.forEach((userId) => line.recipients.delete(userId));
        this.#tell(line);
      }
    }
  }

  linkReady(link) {
    const awaited = this.lines.filter((one) => this.#isAwaited(one, link)).slice(-MAX_SAID_AGAIN);
    this.#saidAgain.set(link, new Set(awaited));
    for (const line of awaited) {
      link.send("chat", { type: "chat-line", line: wire(line) });
    }
    link.send("chat", { type: "chat-known", ids: this.lines.map(({ id }) => id).slice(-MAX_KNOWN_IDS) });
  }

  received(link, message) {
    switch (message.type) {
      case "chat-line":
        return this.#receiveLine(link, message);
      case "chat-received":
        return this.#noteDelivered(link, message.ids);
      case "chat-known":
        return this.#tellHistory(link, message.ids);
      case "chat-history":
        return this.#receiveHistory(link, message);
    }
    return false;
  }

  #receiveLine(link, { line, t }) {
    if (line.author !== link.userId || !this.#belongsTo(line, link) || !this.#take(line, t, true)) {
      return false;
    }
    link.send("chat", { type: "chat-received", ids: [line.id] });
    return true;
  }

  #receiveHistory(link, { lines, t }) {
    const ours = lines.filter(
      (line) => this.#belongsTo(line, link) && this.#take(line, t, line.author === link.userId),
    );
    if (ours.length > 0) {
      link.send("chat", { type: "chat-received", ids: ours.map(({ id }) => id) });
    }
    return ours.length === lines.length;
  }

  /** Whether we said it, under the name of now, while they were in the room, and they have not confirmed it. */
  #isAwaited({ author, recipients, delivered }, { userId }) {
    return author === this.#hub.userId && recipients.has(userId) && !delivered.has(userId);
  }

  /** For everybody, or between us and this participant. */
  #belongsTo(line, link) {
    const { ownIds } = this.#hub;
    return (
      line.to === null ||
      (line.author === link.userId && ownIds.has(line.to)) ||
      (ownIds.has(line.author) && line.to === link.userId)
    );
  }

  #tellHistory(link, ids) {
    if (this.#answered.get(link) === link.generation) {
      return false; // said once a connection
    }
    this.#answered.set(link, link.generation);
    const known = new Set(ids);
    this.#noteDelivered(link, ids);
    let lines = [];
    let bytes = 0;
    const send = () => link.send("chat", { type: "chat-history", lines });
    const unknown = this.lines.filter((one) => !known.has(one.id) && !this.#saidAgain.get(link)?.has(one));
    for (const line of unknown.filter((one) => this.#belongsTo(one, link)).map(wire)) {
      const size = byteLength(encode({ line }));
      if (lines.length === MAX_HISTORY_LINES || (lines.length > 0 && bytes + size > HISTORY_BYTES)) {
        send();
        lines = [];
        bytes = 0;
      }
      lines.push(line);
      bytes += size;
    }
    if (lines.length > 0) {
      send();
    }
    return true;
  }

  #noteDelivered(link, ids) {
    for (const id of ids) {
      const line = this.#byId.get(id);
      if (line?.own && !line.delivered.has(link.userId) && (line.to === null || line.to === link.userId)) {
        line.recipients.add(link.userId);
        line.delivered.add(link.userId);
        this.#tell(line);
      }
    }
    return true;
  }

  /** Whether a line of somebody else is here now, or was. What its author says replaces what others told of it. */
  #take(line, t, firsthand) {
    const held = this.#byId.get(line.id);
    if (held !== undefined && firsthand && held.author !== line.author) {
      return false; // the author is not to think it were here
    }
    if (this.#forgotten.has(line.id) || (held !== undefined && (held.firsthand || !firsthand))) {
      return true;
    }
    const text = cleanText(line.text);
    if (text === "" || this.#hub.ownIds.has(line.author)) {
      return false; // a line of ours that is not here is somebody's invention
    }
    if (held !== undefined) {
      this.#remove(held);
    }
    const authorName = cleanLine(line.authorName);
    this.#add({ ...line, text, authorName, sentMs: believableMs(line.sentMs, t), own: false, firsthand });
    return true;
  }

  #add(line) {
    let at = this.lines.length;
    while (at > 0 && isAfter(this.lines[at - 1], line)) {
      at -= 1;
    }
    this.lines.splice(at, 0, line);
    this.#byId.set(line.id, line);
    this.#chars += line.text.length;
    this.#tell(line);
    while (this.lines.length > MAX_LINES || this.#chars > MAX_CHARS) {
      this.#forgotten.add(this.lines[0].id);
      this.#remove(this.lines[0]);
      if (this.#forgotten.size > MAX_FORGOTTEN_IDS) {
        this.#forgotten.delete(this.#forgotten.values().next().value);
      }
    }
  }

  #remove(line) {
    this.lines.splice(this.lines.indexOf(line), 1);
    this.#byId.delete(line.id);
    this.#chars -= line.text.length;
    this.dispatchEvent(new CustomEvent("removed", { detail: line.id }));
  }

  /** After what it answers, also when the other's clock is somewhat ahead of ours. */
  #nextMs() {
    const now = nowMs();
    const newest = this.lines.at(-1)?.sentMs ?? 0;
    return newest < now + CLOCK_TOLERANCE_MS / 2 ? Math.max(now, newest + 0.001) : now;
  }

  #tell(line) {
    this.dispatchEvent(new CustomEvent("line", { detail: line }));
  }
}

function nowMs() {
  return performance.timeOrigin + performance.now();
}

/** When a line was said, by our own clock where theirs is far off: `t`, when it was told, gives the line's age. */
function believableMs(sentMs, t) {
  const now = nowMs();
  const said = t !== 0 && Math.abs(now - t) > CLOCK_TOLERANCE_MS ? now - (t - sentMs) : sentMs;
  return said > now + CLOCK_TOLERANCE_MS ? now : Math.max(said, now - MAX_AGE_MS);
}

function wire({ id, author, authorName, text, sentMs, to }) {
  return { id, author, authorName, text, sentMs, to };
}

/** Whether line `a` is shown after line `b`. */
export function isAfter(a, b) {
  return a.sentMs > b.sentMs || (a.sentMs === b.sentMs && a.id > b.id);
}
