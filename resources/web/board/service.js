// The whiteboard on the network: our changes out, the others' in, and what somebody missed.

import { Board, idOf } from "./document.js";
import { MAX_NUMBERS, MAX_TARGETS, shape as readShape } from "./messages.js";
import { Outbox, pages } from "./outbox.js";
import { MAX_CLOCK_STEP, shapeIsSound } from "./validity.js";

const STATE_INTERVAL_MS = 10_000;
const POLL_MS = 20;

function newSite() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Events: "change" (detail: the operations that are new). */
export class BoardService extends EventTarget {
  capability = "board";
  labels = ["board"];
  board = new Board();
  #hub;
  #stateIntervalMs;
  #site = newSite();
  #done = []; // each change made here: the ids of its operations
  #undone = [];
  #outboxes = new Map();
  #stateTimer = null;
  #pumpTimer = null;

  /** What we have is told every `stateIntervalMs`, when it is not what was told before. */
  constructor(hub, stateIntervalMs = STATE_INTERVAL_MS) {
    super();
    this.#hub = hub;
    this.#stateIntervalMs = stateIntervalMs;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Draw a shape { tool, color, width, points, text }; false when the whiteboard is full or it is none. */
  draw(shape) {
    const pieces = piecesOf(shape);
    if (pieces === null || this.board.isFull) {
      return false;
    }
    return this.#change(pieces.map((piece) => ({ kind: "add", shape: piece })));
  }

  /** Rub out the shapes with these ids. */
  rub(ids) {
    const contents = [];
    for (let at = 0; at < ids.length; at += MAX_TARGETS) {
      contents.push({ kind: "remove", targets: ids.slice(at, at + MAX_TARGETS) });
    }
    return this.#change(contents);
  }

  /** Rub out all that is seen now. */
  clear() {
    return this.board.count > 0 && this.#change(pages(this.board.seen()).map((seen) => ({ kind: "clear", seen })));
  }

  undo() {
    this.#turnBack("undo", this.#done, this.#undone, (ids) => ids.toReversed());
  }

  redo() {
    this.#turnBack("redo", this.#undone, this.#done, (ids) => ids);
  }

  linkReady(link) {
    const outbox = new Outbox(link, this.board);
    this.#outboxes.set(link, outbox);
    this.#tellState(outbox);
    this.#stateTimer ??= setInterval(() => this.#tellStates(), this.#stateIntervalMs);
  }

  linkLost(link) {
    this.#outboxes.delete(link);
    if (this.#outboxes.size === 0) {
      clearInterval(this.#stateTimer);
      this.#stateTimer = null;
    }
  }

  received(link, message) {
    if (message.type === "board-ops") {
      this.#receive(message.ops);
      return true;
    }
    if (message.type === "board-state") {
      // That they claim to have operations of our site that we never made proves nothing.
      const outbox = this.#outboxes.get(link);
      const seen = outbox?.hear(message) ?? null;
      if (seen !== null) {
        outbox.compare(seen);
        this.#pump();
      }
      return true;
    }
    return false;
  }

  #receive(ops) {
    const applied = [];
    for (const op of ops) {
      if (op.site === this.#site && op.seq > this.board.lengthOf(this.#site)) {
        this.#takeNewSite();
      }
      applied.push(...this.board.merge([op]));
    }
    if (applied.length > 0) {
      this.#tell(applied);
    }
  }

  /** Somebody made operations in our name: the others may refuse our next ones, so we go on under a new one. */
  #takeNewSite() {
    this.#site = newSite();
    this.#done = [];
    this.#undone = [];
    this.#tell([]);
  }

  #turnBack(kind, from, to, order) {
    const ids = from.at(-1);
    const ops = ids === undefined ? [] : this.#make(order(ids).map((target) => ({ kind, target })));
    if (ops.length > 0) {
      to.push(from.pop());
      this.#publish(ops);
    }
  }

  #change(contents) {
    const ops = this.#make(contents);
    if (ops.length === 0) {
      return false;
    }
    this.#done.push(ops.map(idOf));
    this.#undone = [];
    this.#publish(ops);
    return true;
  }

  /** Operations of ours, merged. */
  #make(contents) {
    const { board } = this;
    if ((board.lastOf(this.#site)?.author ?? this.#hub.userId) !== this.#hub.userId) {
      this.#takeNewSite(); // the page has joined again, as somebody else
    }
    const made = [];
    for (const content of contents) {
      const op = {
        site: this.#site,
        seq: board.lengthOf(this.#site) + 1,
        // A participant who counts wildly must not make our operations ones that nobody takes.
        clock: Math.min(board.clock + 1, (board.lastOf(this.#site)?.clock ?? 0) + MAX_CLOCK_STEP),
        author: this.#hub.userId,
        ...{ shape: null, targets: [], seen: null, target: null },
        ...content,
      };
      if (board.merge([op]).length === 0) {
        break;
      }
      made.push(op);
    }
    return made;
  }

  #publish(ops) {
    this.#tell(ops);
    for (const outbox of this.#outboxes.values()) {
      for (const op of ops) {
        outbox.add(op);
      }
    }
    this.#pump();
  }

  #tell(ops) {
    this.dispatchEvent(new CustomEvent("change", { detail: ops }));
  }

  #tellStates() {
    const seen = this.board.seen();
    for (const outbox of this.#outboxes.values()) {
      if (this.board.hasGaps || !isSame(outbox.told, seen) || outbox.theyHaveMore()) {
        this.#tellState(outbox);
      }
    }
  }

  #tellState(outbox) {
    outbox.told = this.board.seen();
    const parts = pages(outbox.told);
    for (const [i, part] of parts.entries()) {
      outbox.link.send("board", { type: "board-state", seen: Object.fromEntries(part), more: i + 1 < parts.length });
    }
  }

  /** Send what waits, as fast as the channels take it. */
  #pump() {
    clearTimeout(this.#pumpTimer);
    for (const outbox of this.#outboxes.values()) {
      while (!outbox.isEmpty && outbox.hasRoom) {
        outbox.link.send("board", { type: "board-ops", ops: outbox.nextBatch() });
      }
    }
    if (Array.from(this.#outboxes.values()).some(({ isEmpty }) => !isEmpty)) {
      this.#pumpTimer = setTimeout(() => this.#pump(), POLL_MS);
    }
  }
}

function isSame(one, other) {
  return one !== null && one.size === other.size && Array.from(other).every(([site, seq]) => one.get(site) === seq);
}

/** The shape as everybody takes it; or what a stroke is cut into that is too long, the pieces sharing end points. */
function piecesOf(shape) {
  const points = shape.points.map((one) => Math.round(one * 100) / 100 + 0); // no -0
  const pieces = [];
  for (let at = 0; at < Math.max(1, points.length - 2); at += MAX_NUMBERS - 2) {
    pieces.push(readShape({ text: "", ...shape, points: points.slice(at, at + MAX_NUMBERS) }));
    if (shape.tool !== "pen") {
      break;
    }
  }
  return pieces.every((piece) => piece !== undefined && shapeIsSound(piece)) ? pieces : null;
}
