// The lines of the chat in their order, each once, within a bound that nobody can use up for the others.

import { MAX_KNOWN_TAGS } from "./messages.js";
import { sha256Hex } from "./sha256.js";

const MAX_LINES = MAX_KNOWN_TAGS;
const MAX_CHARS = 1_000_000; // of all lines, so that a history is no load for anybody
const MAX_FORGOTTEN = 5000;
const HEARSAY = "of others ";
const encoder = new TextEncoder();

/** What tells lines apart: an id alone is its author's choice, who may choose that of another's line. */
export function tagOf(author, id) {
  return sha256Hex(encoder.encode(`${id}\n${author}`)).slice(0, 32);
}

/** Whether line `a` is shown after line `b`. */
export function isAfter(a, b) {
  return a.sentMs > b.sentMs || (a.sentMs === b.sentMs && a.tag > b.tag);
}

/**
 * A line has tag, sentMs, text, via (the user id of who brought it) and firstHand (whether that is its author). When it
 * is full, the oldest line goes of whoever has brought most; and what is told of others never takes the place of a
 * line that came from its author.
 */
export class ChatLines {
  #lines = []; // in the order of sentMs, then tag
  #byTag = new Map();
  #shares = new Map(); // what each has brought: their own words, or what they tell of others
  #forgotten = new Set(); // tags of lines whose place newer ones have taken
  #chars = 0;

  /** In order; not to be changed. */
  get all() {
    return this.#lines;
  }

  get(tag) {
    return this.#byTag.get(tag);
  }

  /** Whether it is held, or was until others took its place. */
  had(tag) {
    return this.#byTag.has(tag) || this.#forgotten.has(tag);
  }

  /** Whether it would stand before lines of the same source that were given up already. */
  isTooOld(line) {
    const until = this.#shares.get(sourceOf(line))?.until ?? null;
    return until !== null && !isAfter(line, until);
  }

  /** Hold a line that is not here; returns those that went for it, null when there is no room for it. */
  add(line) {
    const gone = [];
    while (this.#lines.length >= MAX_LINES || this.#chars + line.text.length > MAX_CHARS) {
      const share = this.#largestShare(line);
      if (share === null) {
        return null;
      }
      const oldest = this.#lines.find((one) => sourceOf(one) === share);
      this.#forget(oldest);
      gone.push(oldest);
    }
    let at = this.#lines.length;
    while (at > 0 && isAfter(this.#lines[at - 1], line)) {
      at -= 1;
    }
    this.#lines.splice(at, 0, line);
    this.#byTag.set(line.tag, line);
    this.#count(line, 1);
    return gone;
  }

  remove(line) {
    this.#lines.splice(this.#lines.indexOf(line), 1);
    this.#byTag.delete(line.tag);
    this.#count(line, -1);
  }

  #forget(line) {
    this.remove(line);
    this.#shares.get(sourceOf(line)).until = line;
    this.#forgotten.add(line.tag);
    if (this.#forgotten.size > MAX_FORGOTTEN) {
      this.#forgotten.delete(this.#forgotten.values().next().value);
    }
  }

  #count(line, sign) {
    const source = sourceOf(line);
    const share = this.#shares.get(source) ?? { lines: 0, chars: 0, until: null };
    this.#shares.set(source, share);
    share.lines += sign;
    share.chars += sign * line.text.length;
    this.#chars += sign * line.text.length;
  }

  /** Of those that may have to give room to the line; its own when others are no larger. */
  #largestShare(line) {
    const own = sourceOf(line);
    let [largest, most] = [null, 0];
    for (const [source, { lines, chars }] of this.#shares) {
      const more = source === own ? 1 : 0;
      const weight = Math.max((lines + more) / MAX_LINES, (chars + more * line.text.length) / MAX_CHARS);
      const mayGive = lines > 0 && (line.firstHand || source.startsWith(HEARSAY));
      if (mayGive && (weight > most || (weight === most && source === own))) {
        [largest, most] = [source, weight];
      }
    }
    return largest;
  }
}

function sourceOf({ via, firstHand }) {
  return (firstHand ? "own " : HEARSAY) + via;
}
