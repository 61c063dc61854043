// What one participant is still to be sent of the whiteboard; ends with its connection.

import { byteLength } from "../data/messages.js";
import { TokenBucket } from "../data/rate.js";
import { MAX_BATCH_OPS, MAX_SEEN, wireOp } from "./messages.js";

const MAX_BATCH_BYTES = 40 * 1024; // of one message; a single operation may be longer
const MAX_QUEUED_BYTES = 64 * 1024; // what the channel may have waiting before more is put on it
const BURST_BYTES = 16 * 1024 * 1024;
const BYTES_PER_MS = 3 * 1024; // what goes out on one connection: below what the other side takes for a flood
const LOST_AFTER_MS = 5_000; // what was sent so long ago and is not there was refused or lost
const STATES_PER_S = 2; // of their messages that say what they have: each is compared with the whole board
const STATES_AT_ONCE = 40;
const MAX_SITES_TOLD = 20_000; // more sites than a board can have

/** Parts of `seen`, a Map, that fit into a message each; one at least. */
export function pages(seen) {
  const sites = Array.from(seen);
  const parts = [];
  for (let at = 0; at < Math.max(1, sites.length); at += MAX_SEEN) {
    parts.push(new Map(sites.slice(at, at + MAX_SEEN)));
  }
  return parts;
}

export class Outbox {
  #board;
  #theirs = null;
  #states = new TokenBucket(STATES_PER_S, STATES_AT_ONCE);
  #beingTold = new Map();
  #behind = [].values(); // what they lacked when boards were compared last
  #live = []; // what was made here since
  #next; // of the two, the one that is to be sent next, once it was looked for
  #sent = new Map();
  #sentAtMs = -Infinity;
  #sentAgain = new Map();
  #begunMs = performance.now();
  #sentBytes = 0;

  link;
  /** What we last said that we have. */
  told = null;

  constructor(link, board) {
    this.link = link;
    this.#board = board;
  }

  get isEmpty() {
    this.#next ??= this.#behind.next().value ?? this.#live.shift();
    return this.#next === undefined;
  }

  get hasRoom() {
    const allowed = BURST_BYTES + (performance.now() - this.#begunMs) * BYTES_PER_MS;
    return this.#sentBytes <= allowed && this.link.isReady && this.link.queuedBytes("board") < MAX_QUEUED_BYTES;
  }

  /** Send an operation that was made here just now; before the first comparison, that will find it. */
  add(op) {
    if (this.#theirs !== null) {
      this.#live.push(op);
    }
  }

  /** They say what they have: a Map of all of it, when this was its last part; null before. */
  hear({ seen, more }) {
    if (!this.#states.take()) {
      this.link.dropped.flood += 1;
      return null;
    }
    if (this.#beingTold.size <= MAX_SITES_TOLD) {
      for (const [site, upto] of seen) {
        this.#beingTold.set(site, upto);
      }
    }
    if (more) {
      return null;
    }
    const whole = this.#beingTold;
    this.#beingTold = new Map();
    return whole;
  }

  /** They have this: send what is missing, but for what is still on its way. */
  compare(seen) {
    if (performance.now() - this.#sentAtMs > LOST_AFTER_MS && this.isEmpty) {
      for (const [site, upto] of this.#sent) {
        const has = seen.get(site) ?? 0;
        if (has < upto && this.#sentAgain.get(site) !== has) {
          this.#sentAgain.set(site, has); // once: whoever refuses it will not take it next time
          this.#sent.set(site, has);
        }
      }
    }
    this.#theirs = seen;
    const theirs = new Map(seen);
    for (const [site, upto] of this.#sent) {
      theirs.set(site, Math.max(theirs.get(site) ?? 0, upto));
    }
    this.#behind = this.#board.missing(theirs);
    this.#live = [];
    this.#next = undefined;
  }

  /** Whether they said that they have what we have not: others' operations that never came here. */
  theyHaveMore() {
    return Array.from(this.#theirs ?? []).some(([site, seq]) => seq > this.#board.lengthOf(site));
  }

  /** What fits into one message, as it is sent; empty when there is nothing. */
  nextBatch() {
    const batch = [];
    let bytes = 0;
    while (batch.length < MAX_BATCH_OPS && !this.isEmpty) {
      const op = this.#next;
      const wire = wireOp(op);
      const more = byteLength(JSON.stringify(wire)) + 1;
      if (batch.length > 0 && bytes + more > MAX_BATCH_BYTES) {
        break;
      }
      bytes += more;
      batch.push(wire);
      this.#sent.set(op.site, op.seq);
      this.#next = undefined;
    }
    this.#sentBytes += bytes;
    if (batch.length > 0) {
      this.#sentAtMs = performance.now();
    }
    return batch;
  }
}
