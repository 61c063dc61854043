// The lines of the chat: one's own, others', and what others remember of before (docs/data-channels.md).

import { randomId } from "../ids.js";
import { ChatLines, tagOf } from "./chatlines.js";
import { MAX_HISTORY_LINES, MAX_KNOWN_TAGS, MAX_LINE_CHARS, byteLength, encode } from "./messages.js";
import { cleanLine, cleanText } from "./texts.js";

const HISTORY_BYTES = 48 * 1024;
const MAX_HEARSAY = 1500; // lines of others that one participant may bring; more than that is made up
const CLOCK_TOLERANCE_MS = 60_000; // a clock that is farther off is not believed
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

/**
 * Events: "line" (detail: a line that is new or whose delivery changed), "removed" (detail: the tag of one that went).
 * A line is what the wire has, with tag, own, via and firstHand (ChatLines), fromHistory, sealed (private, and the
 * other one has left), and of own ones recipients and delivered (Sets of user ids), and whether it is restored: said by us
 * before this page was loaded, and told by others.
 */
export class ChatService extends EventTarget {
  capability = "chat";
  labels = ["chat"];
  #lines = new ChatLines();
  #hub;
  #answered = new WeakMap(); // by link: the connection on which its chat-known was answered
  #hearsay = new WeakMap(); // by link: how many lines of others it has brought
  #readySinceMs = new Map(); // by user id: of those who are connected
  #beganMs = nowMs();

  constructor(hub) {
    super();
    this.#hub = hub;
  }

  /** In the order in which they are shown. */
  get lines() {
    return this.#lines.all;
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
    const ours = { ...line, own: true, via: userId, fromHistory: false };
    this.#add({ ...ours, recipients: new Set(recipients), delivered: new Set() });
    for (const link of links.filter(({ isReady }) => isReady)) {
      link.send("chat", { type: "chat-line", line }); // the others are told when there is a connection
    }
    return line;
  }

  /** These participants have no chat: no line waits for them. */
  giveUp(userIds) {
    for (const line of this.lines) {
      this.#giveUp(line, userIds);
    }
  }

  linkReady(link) {
    this.#readySinceMs.set(link.userId, nowMs());
    // What others told of their words is not listed, so that they tell it themselves.
    const known = this.lines.filter(
      (line) => this.#belongsTo(line, link) && (line.firstHand || line.author !== link.userId),
    );
    link.send("chat", { type: "chat-known", tags: known.map(({ tag }) => tag).slice(-MAX_KNOWN_TAGS) });
  }

  linkLost(link) {
    this.#readySinceMs.delete(link.userId);
  }

  /**
   * Who comes under this id later may be somebody else: they are told nothing of what was private, and no line to
   * everybody waits for them.
   */
  linkGone(link) {
    this.#readySinceMs.delete(link.userId);
    for (const line of this.lines) {
      if (line.to === null) {
        this.#giveUp(line, [link.userId]);
      } else if (!line.sealed && (line.to === link.userId || line.author === link.userId)) {
        line.sealed = true;
        if (line.own) {
          this.#tell(line);
        }
      }
    }
  }

  received(link, message) {
    switch (message.type) {
      case "chat-line":
        return this.#receiveLine(link, message);
      case "chat-received":
        return this.#noteReceived(link, message.ids);
      case "chat-known":
        return this.#tellHistory(link, message.tags);
      case "chat-history":
        return this.#receiveHistory(link, message);
    }
    return false;
  }

  #receiveLine(link, { line, t }) {
    if (line.author !== link.userId || !this.#hold(link, line, { t, fromHistory: false, live: true })) {
      return false;
    }
    link.send("chat", { type: "chat-received", ids: [line.id] });
    return true;
  }

  #receiveHistory(link, { lines, late, t }) {
    const taken = lines.filter((line) => {
      const fromHistory = !(late && line.author === link.userId);
      return this.#hold(link, line, { t, fromHistory, live: false });
    });
    const theirs = taken.filter(({ author }) => author === link.userId);
    if (theirs.length > 0) {
      link.send("chat", { type: "chat-received", ids: theirs.map(({ id }) => id) });
    }
    return taken.length === lines.length;
  }

  /** Whether we said it while they were in the room, and they have not confirmed it. */
  #isAwaited({ own, recipients, delivered }, { userId }) {
    return own && recipients.has(userId) && !delivered.has(userId);
  }

  /** Whether this participant may be told the line: it is for everybody, or between us two as long as both are here. */
  #belongsTo(line, link) {
    const isBetweenUs = line.own ? line.to === link.userId : line.author === link.userId;
    return line.to === null || (!line.sealed && isBetweenUs);
  }

  #tellHistory(link, tags) {
    if (this.#answered.get(link) === link.generation) {
      return false; // said once a connection
    }
    this.#answered.set(link, link.generation);
    const known = new Set(tags);
    this.#noteDelivered(link, ({ tag }) => known.has(tag));
    const missing = this.lines.filter((line) => !known.has(line.tag) && this.#belongsTo(line, link));
    const isLate = (line) => this.#isAwaited(line, link);
    this.#sendHistory(link, missing.filter((line) => !isLate(line)), false);
    this.#sendHistory(link, missing.filter(isLate), true);
    return true;
  }

  #sendHistory(link, missing, late) {
    let lines = [];
    let bytes = 0;
    const send = () => link.send("chat", { type: "chat-history", lines, late });
    for (const line of missing.map(wire)) {
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
  }

  #noteReceived(link, ids) {
    const received = new Set(ids);
    return this.#noteDelivered(link, ({ id }) => received.has(id));
  }

  /** Those of our lines that `have` is true of have come. */
  #noteDelivered(link, have) {
    for (const line of this.lines) {
      const isTheirs = line.own && line.restored !== true && (line.to === null || line.to === link.userId);
      if (isTheirs && !line.delivered.has(link.userId) && have(line)) {
        line.recipients.add(link.userId);
        line.delivered.add(link.userId);
        this.#tell(line);
      }
    }
    return true;
  }

  /** Whether what a participant brings is here now, or was; `t` is when they told it, by their clock. */
  #hold(link, line, { t, fromHistory, live }) {
    const firstHand = line.author === link.userId;
    const tag = tagOf(line.author, line.id);
    const held = this.#lines.get(tag);
    if (this.#lines.had(tag) && (held === undefined || held.firstHand || !firstHand)) {
      return true;
    }
    const came = { ...line, tag, ...this.#ownership(line), via: link.userId, firstHand, fromHistory };
    came.text = cleanText(line.text);
    came.authorName = cleanLine(line.authorName);
    came.sentMs = believableMs(line.sentMs, t);
    if (came.text === "" || !(firstHand ? this.#isForUs(came) : this.#isBelievable(link, came))) {
      return false;
    }
    if (this.#lines.isTooOld(came)) {
      if (!live) {
        return true; // newer ones have taken its place
      }
      came.sentMs = nowMs();
    }
    if (held !== undefined) {
      this.#lines.remove(held); // what its author says stands for what others have told of it
      if (held.text === came.text && held.sentMs === came.sentMs && held.authorName === came.authorName) {
        this.#lines.add(Object.assign(held, { via: link.userId, firstHand }));
        return true;
      }
      this.#tellRemoved(held);
    }
    this.#add(came);
    return true;
  }

  #ownership({ author }) {
    return this.#hub.ownIds.has(author)
      ? { own: true, restored: true, recipients: new Set(), delivered: new Set() }
      : { own: false };
  }

  #isForUs({ to }) {
    return to === null || this.#hub.ownIds.has(to);
  }

  /** Since when all that we have said is here. */
  get #ownSinceMs() {
    return this.#hub.wasHere ? this.#beganMs : -Infinity;
  }

  /** Whether one may tell this of another; whoever is connected to us tells their lines themselves. */
  #isBelievable(link, { author, sentMs, to }) {
    const sinceMs = this.#hub.ownIds.has(author) ? this.#ownSinceMs : (this.#readySinceMs.get(author) ?? Infinity);
    const brought = this.#hearsay.get(link) ?? 0;
    if (to !== null || sentMs >= sinceMs || brought >= MAX_HEARSAY) {
      return false;
    }
    this.#hearsay.set(link, brought + 1);
    return true;
  }

  #add(given) {
    const line = { firstHand: true, sealed: false, tag: tagOf(given.author, given.id), ...given };
    const gone = this.#lines.add(line);
    if (gone !== null) {
      gone.forEach((one) => this.#tellRemoved(one));
      this.#tell(line);
    }
  }

  /** After what it answers, also when the other's clock is somewhat ahead of ours. */
  #nextMs() {
    const now = nowMs();
    const newest = this.lines.at(-1)?.sentMs ?? 0;
    return newest < now + CLOCK_TOLERANCE_MS / 2 ? Math.max(now, newest + 0.001) : now;
  }

  #giveUp(line, userIds) {
    const waiting = userIds.filter((userId) => this.#isAwaited(line, { userId }));
    if (waiting.length > 0) {
      waiting.forEach((userId) => line.recipients.delete(userId));
      this.#tell(line);
    }
  }

  #tellRemoved({ tag }) {
    this.dispatchEvent(new CustomEvent("removed", { detail: tag }));
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
