// Notices when the first picture or sound comes by an m-line of a connection.

const LOOK_MS = 100;

/**
 * Looks at the connection's counters (W3C webrtc-stats, inbound-rtp) while somebody waits. Not at a video element: what
 * is in no element, or in a page that nobody looks at, has come all the same.
 */
export class Arrivals {
  #waiting = new Map(); // mid to { kind, before, tell }
  #timer = null;

  connection;
  closed = false;

  constructor(connection) {
    this.connection = connection;
  }

  /** Call `tell` once, when more comes by `mid` than came before; in place of an earlier call for it. */
  watch(mid, kind, tell) {
    this.#waiting.set(mid, { kind, before: null, tell });
    if (this.#timer === null) {
      this.#schedule(0);
    }
  }

  unwatch(mid) {
    this.#waiting.delete(mid);
  }

  close() {
    this.closed = true;
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #schedule(delayMs) {
    this.#timer = setTimeout(() => this.#look(), delayMs);
  }

  async #look() {
    if (this.closed || this.connection.connectionState === "closed") {
      this.close();
      return;
    }
    const counts = new Map();
    for (const report of (await this.connection.getStats()).values()) {
      if (report.type === "inbound-rtp") {
        const count = report.kind === "video" ? report.framesDecoded : report.packetsReceived;
        counts.set(report.mid, (counts.get(report.mid) ?? 0) + (count ?? 0));
      }
    }
    if (this.closed) {
      return;
    }
    for (const [mid, waiting] of Array.from(this.#waiting)) {
      const count = counts.get(mid) ?? 0;
      if (waiting.before !== null && count > waiting.before) {
        this.#waiting.delete(mid);
        waiting.tell();
      } else {
        waiting.before = count; // an older one's counters may have gone
      }
    }
    this.#timer = null;
    if (this.#waiting.size > 0) {
      this.#schedule(LOOK_MS);
    }
  }
}
