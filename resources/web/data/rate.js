// How much a participant may ask of us: beyond it messages are dropped unread. The reference is
// desktop_app/data/rate.py.

const MIB = 1024 * 1024;
const TEXT = { messagesPerS: 300, messagesAtOnce: 3000, bytesPerS: 4 * MIB, bytesAtOnce: 24 * MIB };
const RATES = new Map([
  // A file may come or go as fast as bulk lets it, and each 64 KiB of it are confirmed.
  ["files", { ...TEXT, messagesPerS: 1200 }],
  ["pointer", { messagesPerS: 120, messagesAtOnce: 240, bytesPerS: MIB, bytesAtOnce: 2 * MIB }],
  ["bulk", { messagesPerS: 5000, messagesAtOnce: 10_000, bytesPerS: 64 * MIB, bytesAtOnce: 128 * MIB }],
]);

/** Lets `perS` through on average, and up to `atOnce` at once. */
export class TokenBucket {
  #perMs;
  #atOnce;
  #nowMs;
  #tokens;
  #atMs;

  constructor(perS, atOnce, nowMs = () => performance.now()) {
    this.#perMs = perS / 1000;
    this.#atOnce = atOnce;
    this.#nowMs = nowMs;
    this.#tokens = atOnce;
    this.#atMs = nowMs();
  }

  /** Whether so much may pass now; if not, nothing is used up. */
  take(amount = 1) {
    const atMs = this.#nowMs();
    this.#tokens = Math.min(this.#atOnce, this.#tokens + (atMs - this.#atMs) * this.#perMs);
    this.#atMs = atMs;
    if (amount > this.#tokens) {
      return false;
    }
    this.#tokens -= amount;
    return true;
  }
}

/** Judges each message of one channel from one participant. */
export class FloodGate {
  #messages;
  #bytes;

  constructor(label, nowMs) {
    const rate = RATES.get(label) ?? TEXT;
    this.#messages = new TokenBucket(rate.messagesPerS, rate.messagesAtOnce, nowMs);
    this.#bytes = new TokenBucket(rate.bytesPerS, rate.bytesAtOnce, nowMs);
  }

  /** Whether the message is to be read; of a text, its length in UTF-16 units is near enough. */
  admits(data) {
    return this.#messages.take() && this.#bytes.take(data.byteLength ?? data.length ?? 0);
  }
}
