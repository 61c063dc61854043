// When to try again what does not work (docs/recovery.md).

const DELAYS_MS = [0, 300, 1200, 2700, 4800];
const LAST_MS = 7_000;
const JITTER = 0.2;

/** How long to wait before try number `tries`, from 0, in milliseconds; `random` is 0 to 1. */
export function delayMs(tries, random = Math.random()) {
  return (DELAYS_MS[tries] ?? LAST_MS) * (1 + JITTER * (2 * random - 1));
}

/** Calls `act` by that schedule, from start() to stop(). */
export class Schedule {
  #act;
  #timer = null;
  #tries = 0;

  running = false;

  constructor(act) {
    this.#act = act;
  }

  /** Begin, unless it runs; the first try is at once. */
  start() {
    if (!this.running) {
      this.running = true;
      this.#tries = 0;
      this.#next();
    }
  }

  /** Try at once, and begin the waits anew: something has changed. */
  hurry() {
    this.stop();
    this.start();
  }

  stop() {
    this.running = false;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #next() {
    const waitMs = delayMs(this.#tries);
    this.#tries += 1;
    this.#timer = setTimeout(() => {
      this.#next();
      this.#act();
    }, waitMs);
  }
}
