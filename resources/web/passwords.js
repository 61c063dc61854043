// The passwords that may open the room again (docs/rights.md).

const PATIENCE_MS = 30_000; // the host of before may still be on the way, and has the others

/**
 * A server that was started again knows the password of whoever came back first, which may be an older one than the
 * host has set since, or than the one that we came with. So all that we know are tried by turns, for a while.
 */
export class Passwords {
  #known;
  #turn = 0;
  #refusedMs = null;

  /** `entered` is the one that we came with, "" for none. */
  constructor(entered) {
    this.#known = [entered];
  }

  /** To be given with the next try. */
  get current() {
    return this.#known[this.#turn];
  }

  /** The host, who we are, has set another one. */
  add(password) {
    const [entered, ...set] = this.#known;
    this.#known = password === entered ? this.#known : [entered, password, ...set.filter((one) => one !== password)];
  }

  /** The current one does not open the room; whether to go on trying, with another one. */
  refused(nowMs) {
    this.#turn = (this.#turn + 1) % this.#known.length;
    this.#refusedMs ??= nowMs;
    return nowMs - this.#refusedMs < PATIENCE_MS;
  }

  /** We are in the room. */
  accepted() {
    this.#turn = 0;
    this.#refusedMs = null;
  }
}
