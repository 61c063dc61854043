// The lines of the chat: one's own, others', and what others remember of before (docs/data-channels.md).

import { randomId } from "../ids.js";
import { MAX_HISTORY_LINES, MAX_KNOWN_IDS, MAX_LINE_CHARS, byteLength, encode } from "./messages.js";

const MAX_LINES = MAX_KNOWN_IDS;
const MAX_CHARS = 1_000_000; // of all lines, so that a history is no load for anybody
const HISTORY_BYTES = 48 * 1024;

/**
 * Events: "line" (detail: a line that is new or whose delivery changed), "removed" (detail: the id of the oldest one).
 * A line is what the wire has, with own, fromHistory, and of own ones recipients and delivered (Sets of user ids).
 */
export class ChatService extends EventTarget {
  capability = "chat";
  labels = ["chat"];
  lines = []; // in the order of sentMs, then id
  #byId = new Map();
  #chars = 0;
  #hub;
  #answered = new WeakMap(); // by link: the connection on which its chat-known was answered

  constructor(hub) {
    super();
    this.#hub = hub;
  }

  /** Say something to everybody, or to one; returns the line, null when there is nothing to say. */
  say(text, to = null) {
    const words = text.toWellFormed?.() ?? text;
    if (words.trim() === "" || Array.from(words).length > MAX_LINE_CHARS) {
      return null;
    }
    const { userId, name } = this.#hub;
    const line = {
      id: randomId(),
      author: userId,
      authorName: name,
      text: words,
      sentMs: Math.max(performance.timeOrigin + performance.now(), this.#lastOwnMs() + 0.001),
      to,
    };
    const links = this.#hub.linksWith("chat").filter((link) => to === null || link.userId === to);
    const recipients = to === null ? links.map((link) => link.userId) : [to];
    this.#add({ ...line, own: true, fromHistory: false, recipients: new Set(recipients), delivered: new Set() });
    for (const link of links) {
      link.send("chat", { type: "chat-line", line }); // who has no connection now is told by the history
    }
    return line;
  }

  linkReady(link) {
    link.send("chat", { type: "chat-known", ids: this.lines.map(({ id }) => id).slice(-MAX_KNOWN_IDS) });
  }

  received(link, message) {
    switch (message.type) {
      case "chat-line":
        return this.#receiveLine(link, message.line);
      case "chat-received":
        return this.#noteDelivered(link, message.ids);
      case "chat-known":
        return this.#tellHistory(link, message.ids);
      case "chat-history":
        return this.#receiveHistory(link, message.lines);
    }
    return false;
  }

  #receiveLine(link, line) {
    const forUs = line.to === null || line.to === this.#hub.userId;
    if (line.author !== link.userId || !forUs) {
      return false;
    }
    this.#addForeign(line, false);
    link.send("chat", { type: "chat-received", ids: [line.id] });
    return true;
  }

  #receiveHistory(link, lines) {
    const ours = lines.filter((line) => this.#belongsTo(line, link));
    for (const line of ours) {
      this.#addForeign(line, true);
    }
    if (ours.length > 0) {
      link.send("chat", { type: "chat-received", ids: ours.map(({ id }) => id) });
    }
    return ours.length === lines.length;
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
    for (const line of this.lines.filter((one) => !known.has(one.id) && this.#belongsTo(one, link)).map(wire)) {
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

  #addForeign(line, fromHistory) {
    // A line of ours that we never wrote is somebody's invention: ours are all here.
    if (!this.#byId.has(line.id) && !this.#hub.ownIds.has(line.author)) {
      this.#add({ ...line, own: false, fromHistory });
    }
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
      const oldest = this.lines.shift();
      this.#byId.delete(oldest.id);
      this.#chars -= oldest.text.length;
      this.dispatchEvent(new CustomEvent("removed", { detail: oldest.id }));
    }
  }

  #lastOwnMs() {
    return this.lines.findLast(({ own }) => own)?.sentMs ?? 0;
  }

  #tell(line) {
    this.dispatchEvent(new CustomEvent("line", { detail: line }));
  }
}

function wire({ id, author, authorName, text, sentMs, to }) {
  return { id, author, authorName, text, sentMs, to };
}

/** Whether line `a` is shown after line `b`. */
export function isAfter(a, b) {
  return a.sentMs > b.sentMs || (a.sentMs === b.sentMs && a.id > b.id);
}
