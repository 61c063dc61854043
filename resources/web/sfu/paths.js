// The ways by which one participant's sound and picture come: the direct connection and the SFU.

const KINDS = ["audio", "video", "screen"];

/**
 * What is shown and heard comes from the path on which something came last; until then from the one before.
 * Events (detail: "audio", "video" or "screen"): "track" (`current[kind]`, a track or null, is another one, or goes on), "rest"
 * (nothing more comes of it, and it may end).
 */
export class Paths extends EventTarget {
  #arrived = { audio: new Map(), video: new Map(), screen: new Map() }; // path to track, in the order of arrival
  #resting = new Set();

  current = { audio: null, video: null, screen: null };

  /** The first sound or picture of `track` has come by `path`. */
  arrive(path, kind, track) {
    const arrived = this.#arrived[kind];
    const goesOn = this.#resting.delete(`${path} ${kind}`) && this.current[kind] === track;
    arrived.delete(path);
    arrived.set(path, track);
    for (const other of Array.from(arrived.keys())) {
      if (this.#resting.has(`${other} ${kind}`)) {
        arrived.delete(other);
      }
    }
    if (goesOn) {
      this.#tell("track", kind);
    }
    this.#choose(kind);
  }

  /** Nothing that came by `path` may be shown or heard any more. */
  withdraw(path, kinds = KINDS) {
    for (const kind of kinds) {
      this.#resting.delete(`${path} ${kind}`);
      this.#arrived[kind].delete(path);
      this.#choose(kind);
    }
  }

  /** Nothing more comes by `path`. When nothing does by another one, what is shown stays until something comes. */
  rest(path) {
    for (const kind of KINDS) {
      const arrived = this.#arrived[kind];
      if (arrived.has(path) && arrived.size === 1) {
        this.#resting.add(`${path} ${kind}`);
        this.#tell("rest", kind);
      } else {
        arrived.delete(path);
        this.#choose(kind);
      }
    }
  }

  /** Whether something comes by `path`: of `kind`, or of either. */
  has(path, kinds = KINDS) {
    return kinds.some((kind) => this.#arrived[kind].has(path) && !this.#resting.has(`${path} ${kind}`));
  }

  /** What came by `path`. */
  trackOf(path, kind) {
    return this.#arrived[kind].get(path) ?? null;
  }

  /** The path of what is shown or heard now; null for nothing. */
  pathOf(kind) {
    return Array.from(this.#arrived[kind].keys()).at(-1) ?? null;
  }

  #choose(kind) {
    const track = Array.from(this.#arrived[kind].values()).at(-1) ?? null;
    if (track !== this.current[kind]) {
      this.current[kind] = track;
      this.#tell("track", kind);
    }
  }

  #tell(event, kind) {
    this.dispatchEvent(new CustomEvent(event, { detail: kind }));
  }
}
