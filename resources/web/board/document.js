// The whiteboard as a set of operations: merge them in any order, and everybody sees the same picture. The reference is
// desktop_app/data/board/document.py; the two must agree in all that a person sees.

import { inOrder } from "./merging.js";
import { MAX_CLOCK_STEP, fieldsFit, isShort, weight } from "./validity.js";

const MAX_OPS = 50_000; // nobody adds to a board that has more
const MAX_OPS_OF_OTHERS = 60_000; // several may reach it at once
const MAX_WEIGHT = 4_000_000;
const MAX_WEIGHT_OF_OTHERS = 5_000_000;
const SITE_WEIGHT = 400; // of a site's first operation, besides
const MAX_EARLY_OPS = 2_000;
const MAX_EARLY_WEIGHT = 400_000;
const ADDING = new Set(["add", "remove", "clear"]);

/** An id as a key of Maps and Sets. */
export function keyOf([site, seq]) {
  return `${site}:${seq}`;
}

export function idOf({ site, seq }) {
  return [site, seq];
}

/** Whether operation `a` comes after `b` in the order that is the same for everybody. */
function isAfter(a, b) {
  if (a.clock !== b.clock) {
    return a.clock > b.clock;
  }
  return a.site === b.site ? a.seq > b.seq : a.site > b.site;
}

export class Board {
  #logs = new Map(); // by site
  #early = new Map(); // by site: a Map by number of what waits
  #earlyCount = 0;
  #earlyWeight = 0;
  #order = []; // the operations that add, the lowest first
  #undone = new Set();
  #removals = new Map(); // by shape: how many operations that count remove it
  #clears = new Map(); // by site: a Map of clears to the last number that each has seen
  #clearedUpto = new Map(); // by site, as long as it is known
  #weight = 0;

  count = 0;
  clock = 0; // the highest so far
  refused = 0;

  get isFull() {
    return this.count >= MAX_OPS || this.#weight >= MAX_WEIGHT;
  }

  /** Whether operations wait for earlier ones of their site. */
  get hasGaps() {
    return this.#earlyCount > 0;
  }

  /** A Map: each site's operations are here up to these numbers. */
  seen() {
    return new Map(Array.from(this.#logs, ([site, log]) => [site, log.length]));
  }

  lengthOf(site) {
    return this.#logs.get(site)?.length ?? 0;
  }

  lastOf(site) {
    return this.#logs.get(site)?.at(-1) ?? null;
  }

  find([site, seq]) {
    return this.#logs.get(site)?.[seq - 1] ?? null;
  }

  /** What somebody lacks who has seen that, in order; an iterator over a picture of this moment. */
  missing(seen) {
    const tails = Array.from(this.#logs, ([site, log]) => [log, seen.get(site) ?? 0, log.length]);
    return inOrder(tails, isAfter);
  }

  /** The operations that add what is seen, the lowest first. */
  shapes() {
    return this.#order.filter((op) => this.isVisible(op));
  }

  /** Whether the shape of this operation is seen. */
  isVisible(op) {
    const key = keyOf(idOf(op));
    return op.kind === "add" && !this.#undone.has(key) && !this.#removals.has(key) && op.seq > this.#cleared(op.site);
  }

  /** Take operations in; the answer are those that are new and applied, earlier ones among them that waited. */
  merge(ops) {
    const applied = [];
    for (const op of ops) {
      const length = this.lengthOf(op.site);
      if (op.seq > length + 1) {
        this.#keepEarly(op);
      } else if (op.seq === length + 1) {
        for (let next = op; next !== null && this.#apply(next); next = this.#takeEarly(op.site, next.seq + 1)) {
          applied.push(next);
        }
      }
    }
    return applied;
  }

  #keepEarly(op) {
    const heavy = weight(op);
    if (this.#early.get(op.site)?.has(op.seq)) {
      return;
    }
    if (this.#earlyCount >= MAX_EARLY_OPS || this.#earlyWeight + heavy > MAX_EARLY_WEIGHT) {
      this.refused += 1;
      return;
    }
    if (!this.#early.has(op.site)) {
      this.#early.set(op.site, new Map());
    }
    this.#early.get(op.site).set(op.seq, op);
    this.#earlyCount += 1;
    this.#earlyWeight += heavy;
  }

  #takeEarly(site, seq) {
    const waiting = this.#early.get(site);
    const op = waiting?.get(seq) ?? null;
    if (op !== null) {
      waiting.delete(seq);
      this.#earlyCount -= 1;
      this.#earlyWeight -= weight(op);
      if (waiting.size === 0) {
        this.#early.delete(site);
      }
    }
    return op;
  }

  /** Add the next operation of its site, if it is one that everybody takes. */
  #apply(op) {
    const heavy = weight(op) + (this.#logs.has(op.site) ? 0 : SITE_WEIGHT);
    const fits = this.count < MAX_OPS_OF_OTHERS && this.#weight + heavy <= MAX_WEIGHT_OF_OTHERS;
    if (!fits || !this.#isNext(op)) {
      this.refused += 1;
      return false;
    }
    if (!this.#logs.has(op.site)) {
      this.#logs.set(op.site, []);
    }
    this.#logs.get(op.site).push(op);
    this.#takeEarly(op.site, op.seq); // one that waited with the same number came to nothing
    this.count += 1;
    this.#weight += heavy;
    this.clock = Math.max(this.clock, op.clock);
    if (op.kind === "add") {
      this.#insert(op);
    } else if (op.kind === "remove" || op.kind === "clear") {
      this.#takeEffect(op, true);
    } else {
      this.#letCount(op.target, op.kind === "redo");
    }
    return true;
  }

  #insert(op) {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isAfter(this.#order[middle], op)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    this.#order.splice(low, 0, op);
  }

  #isNext(op) {
    const log = this.#logs.get(op.site);
    if (log !== undefined && op.author !== log[0].author) {
      return false;
    }
    const step = op.clock - (log?.at(-1).clock ?? 0);
    if (step <= 0 || step > MAX_CLOCK_STEP || !fieldsFit(op) || !isShort(op)) {
      return false;
    }
    if (op.target === null) {
      return true;
    }
    const [site, seq] = op.target;
    return site === op.site && seq < op.seq && ADDING.has(log[seq - 1].kind);
  }

  #letCount(id, counts) {
    const op = this.find(id);
    const key = keyOf(id);
    if (op === null || this.#undone.has(key) !== counts) {
      return; // it counts already, or does not
    }
    this.#undone[counts ? "delete" : "add"](key);
    this.#takeEffect(op, counts);
  }

  #takeEffect(op, counts) {
    if (op.kind === "remove") {
      for (const key of new Set(op.targets.map(keyOf))) {
        const left = (this.#removals.get(key) ?? 0) + (counts ? 1 : -1);
        if (left === 0) {
          this.#removals.delete(key);
        } else {
          this.#removals.set(key, left);
        }
      }
    } else if (op.kind === "clear") {
      for (const [site, upto] of op.seen) {
        if (!this.#clears.has(site)) {
          this.#clears.set(site, new Map());
        }
        this.#clears.get(site).set(keyOf(idOf(op)), upto);
        this.#clearedUpto.delete(site);
      }
    }
  }

  /** The number of the site's last operation that is cleared, 0 when none is. */
  #cleared(site) {
    let upto = this.#clearedUpto.get(site);
    if (upto === undefined) {
      upto = 0;
      for (const [key, last] of this.#clears.get(site) ?? []) {
        if (last > upto && !this.#undone.has(key)) {
          upto = last;
        }
      }
      this.#clearedUpto.set(site, upto);
    }
    return upto;
  }
}
