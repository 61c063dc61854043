// Tells when the network of this machine may have become another one.

const LOOK_MS = 2_000;
const JUMP_MS = 4_000; // so much more passed by the clock on the wall: the machine slept (or the clock was set)

/** Events: "changed" (every connection is in doubt), "seen" (the page is looked at again). */
export class NetworkWatch extends EventTarget {
  #asleepMs = asleepMs();
  #type = navigator.connection?.type;
  #timer = setInterval(() => this.#look(), LOOK_MS);
  #end = new AbortController();

  constructor() {
    super();
    const { signal } = this.#end;
    addEventListener("online", () => this.#tell("changed"), { signal });
    // It also tells each time that the browser has measured the path anew: only another kind of network is news.
    navigator.connection?.addEventListener?.(
      "change",
      () => {
        const { type } = navigator.connection;
        if (type !== this.#type) {
          this.#type = type;
          this.#tell("changed");
        }
      },
      { signal },
    );
    document.addEventListener("visibilitychange", () => document.hidden || this.#tell("seen"), { signal });
  }

  close() {
    clearInterval(this.#timer);
    this.#end.abort();
  }

  #look() {
    const now = asleepMs();
    if (Math.abs(now - this.#asleepMs) > JUMP_MS) {
      this.#tell("changed");
    }
    this.#asleepMs = now;
  }

  #tell(type) {
    this.dispatchEvent(new Event(type));
  }
}

/** performance.now() stands still while the machine sleeps, Date.now() does not. */
function asleepMs() {
  return Date.now() - performance.now();
}
