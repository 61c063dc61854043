// When to try again: later each time, and soon again after it has gone well.

const FIRST_MS = 500;
const MOST_MS = 15_000;

export class BackOff {
  #timer = null;
  #failures = 0;

  /** Call `act` later; at most one such call waits. */
  schedule(act) {
    if (this.#timer !== null) {
      return;
    }
    // Not all ends at the same moment, when it was the SFU that went.
    const delayMs = Math.min(MOST_MS, FIRST_MS * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      act();
    }, delayMs);
  }

  /** There is no need to try again. */
  succeeded() {
    this.cancel();
    this.#failures = 0;
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }
}
