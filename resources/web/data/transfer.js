// One file to or from one participant, as it is shown.

const RATE_MS = 4_000; // the rate is that of the last few seconds
const TOLD_MS = 200;

export const OVER = new Set(["done", "declined", "cancelled", "failed"]);

/**
 * Events: "change". `state` is offered (the receiver has not answered), waiting (accepted, and there is no connection),
 * checking (what is there already is compared), running, done, declined, cancelled or failed.
 */
export class Transfer extends EventTarget {
  #marks = [];
  #toldMs = -Infinity;

  direction;
  transferId;
  userId;
  name;
  sizeBytes;
  preview = null; // a data: URL
  state = "offered";
  doneBytes = 0;
  message = "";

  constructor(direction, { transferId, userId, name, sizeBytes }) {
    super();
    Object.assign(this, { direction, transferId, userId, name, sizeBytes });
  }

  get isOver() {
    return OVER.has(this.state);
  }

  /** Another state, with a sentence for the person where one is needed; what is over stays as it is. */
  become(state, message = "") {
    if (this.isOver || (this.state === state && this.message === message)) {
      return;
    }
    this.state = state;
    this.message = message;
    if (state !== "running") {
      this.#marks = [];
    }
    this.#tell();
  }

  /** So much is there now. */
  progress(doneBytes) {
    const nowMs = performance.now();
    this.doneBytes = doneBytes;
    this.#marks.push({ nowMs, doneBytes });
    while (this.#marks.length > 2 && nowMs - this.#marks[0].nowMs > RATE_MS) {
      this.#marks.shift();
    }
    if (nowMs - this.#toldMs >= TOLD_MS) {
      this.#tell();
    }
  }

  /** Bytes a second; 0 as long as nobody knows. */
  get rateBytesS() {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (this.state !== "running" || first === last || last.nowMs - first.nowMs < 500) {
      return 0;
    }
    return ((last.doneBytes - first.doneBytes) * 1000) / (last.nowMs - first.nowMs);
  }

  /** Seconds; null as long as nobody knows. */
  get leftS() {
    const rate = this.rateBytesS;
    return rate > 0 ? (this.sizeBytes - this.doneBytes) / rate : null;
  }

  #tell() {
    this.#toldMs = performance.now();
    this.dispatchEvent(new Event("change"));
  }
}

/** Why the other side, or this one, ended a transfer. `who` is the other participant's name. */
export function cancelWords(code, who, { ours = false } = {}) {
  const subject = ours ? "This browser" : who;
  switch (code) {
    case "source-changed":
      return "The file was changed while it was sent. Send it again.";
    case "source-unreadable":
      return "The file cannot be read any more. It may have been moved or changed.";
    case "disk-full":
      return `${subject} has no room for the file.`;
    case "not-writable":
      return `${subject} cannot write the file.`;
    case "too-long":
    case "too-short":
    case "bad-data":
      return "What came is not what was offered, so the file was thrown away.";
    case "bad-digest":
      return "The file was damaged on the way and thrown away. Send it again.";
    default:
      return ours ? "You ended it." : `${who} ended it.`;
  }
}
