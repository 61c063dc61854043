// Where people point on the whiteboard, and strokes while they are drawn: unreliable and in no order, so the newest is
// what counts. As in desktop_app/data/pointer.py, without the pointers over pictures.

import { shapeIsSound } from "./validity.js";

const INTERVAL_MS = 1000 / 30;
const REPEAT_MS = 1_000; // a pointer that rests says so
const FAREWELL_MS = 200; // that it is away is said twice: a message may be lost
const SILENT_MS = 5_000;
const OLD_MS = 10_000; // older than another one by less: it was overtaken; by more: a clock was set back
const MAX_STROKE_NUMBERS = 400;
const MAX_PREVIEW_POINTS = 100;
const MAX_QUEUED_BYTES = 16 * 1024; // with more it would come late
const NO_SHAPE = { tool: "pen", color: "#000000", width: 1, points: [0, 0] };

/** Sends the last of several values within an interval. */
class Pacer {
  #pass;
  #timer = null;
  #waiting = null;

  constructor(pass) {
    this.#pass = pass;
  }

  put(value) {
    if (this.#timer !== null) {
      this.#waiting = value;
      return;
    }
    this.#pass(value);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const next = this.#waiting;
      this.#waiting = null;
      if (next !== null) {
        this.put(next);
      }
    }, INTERVAL_MS);
  }
}

/** Event "change": pointers() or strokes() are others. */
export class PointerService extends EventTarget {
  capability = "pointer";
  labels = ["pointer"];
  #hub;
  #others = new Map(); // by user id: by type { message, t, timer }
  #pointerOut = new Pacer((message) => this.#sendPointer(message));
  #strokeOut = new Pacer((message) => this.#send(message));
  #repeat = null;

  constructor(hub) {
    super();
    this.#hub = hub;
  }

  /** Others' pointers: { userId, x, y } in board units. */
  pointers() {
    const found = Array.from(this.#others, ([userId, { pointer }]) => ({ userId, ...pointer?.message }));
    return found.filter(({ x }) => x !== undefined);
  }

  /** The shapes that others are drawing. */
  strokes() {
    return Array.from(this.#others.values(), ({ stroke }) => stroke?.message.shape).filter(Boolean);
  }

  /** Show the others where our pointer is, in board units. */
  point(x, y, visible = true) {
    const clipped = [x, y].map((one) => Math.min(1e6, Math.max(-1e6, Math.round(one * 10) / 10)));
    this.#pointerOut.put({ type: "pointer", surface: "board", x: clipped[0], y: clipped[1], visible });
  }

  /** Show the others what we are drawing; null: it has ended. */
  showStroke(shape) {
    const message = shape === null ? { shape: NO_SHAPE, done: true } : { shape: preview(shape), done: false };
    this.#strokeOut.put({ type: "stroke", ...message });
  }

  linkGone(link) {
    for (const type of ["pointer", "stroke"]) {
      this.#hide(link.userId, type);
    }
    this.#others.delete(link.userId);
  }

  received(link, message) {
    const isStroke = message.type === "stroke";
    if (isStroke && (message.shape.points.length > MAX_STROKE_NUMBERS || !shapeIsSound(message.shape))) {
      return message.done;
    }
    const { userId } = link;
    if (!this.#others.has(userId)) {
      this.#others.set(userId, {});
    }
    const other = this.#others.get(userId);
    const age = (other[message.type]?.t ?? 0) - message.t;
    if (age > 0 && age < OLD_MS) {
      return true; // it was overtaken
    }
    clearTimeout(other[message.type]?.timer);
    const isShown = isStroke ? !message.done : message.visible && message.surface === "board";
    other[message.type] = {
      t: message.t,
      message: isShown ? message : {},
      timer: isShown ? setTimeout(() => this.#hide(userId, message.type), SILENT_MS) : null,
    };
    this.#tell();
    return true;
  }

  #hide(userId, type) {
    const other = this.#others.get(userId);
    if (other?.[type]) {
      clearTimeout(other[type].timer);
      other[type].message = {};
      this.#tell();
    }
  }

  #sendPointer(message) {
    clearTimeout(this.#repeat);
    this.#send(message);
    this.#repeat = setTimeout(
      () => (message.visible ? this.#sendPointer(message) : this.#send(message)),
      message.visible ? REPEAT_MS : FAREWELL_MS,
    );
  }

  #send(message) {
    for (const link of this.#hub.linksWith("pointer")) {
      if (link.queuedBytes("pointer") < MAX_QUEUED_BYTES) {
        link.send("pointer", message);
      }
    }
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/** At most 100 of the points, evenly taken, the first and the last among them: a message in one packet. */
function preview({ tool, color, width, points }) {
  const count = points.length / 2;
  const kept = Math.min(count, MAX_PREVIEW_POINTS);
  const step = kept > 1 ? (count - 1) / (kept - 1) : 0;
  const taken = Array.from({ length: kept }, (_, i) => 2 * Math.round(i * step));
  const rounded = taken.flatMap((at) => points.slice(at, at + 2)).map((one) => Math.round(one * 10) / 10);
  return { tool, color, width, points: rounded };
}
