// What this page gets from the SFU: one connection for everybody.

import { Arrivals } from "./arrivals.js";
import { SfuLink } from "./link.js";

const mediaOf = (kind) => (kind === "audio" ? "audio" : "video");

/**
 * `pathsOf` finds the Paths of a participant. A track belongs to whom the server says, and is taken from them before
 * the answer that lets the SFU put somebody else on its m-line.
 * Event "streams": what belongs to whom is different.
 */
export class Subscriber extends SfuLink {
  #path;
  #pathsOf;
  #feeds = [];
  #asked = "";
  #arrivals = null;
  #owners = new Map(); // mid to { userId, kind } of what is active

  constructor(options) {
    super("subscribe", options);
    this.#path = options.path;
    this.#pathsOf = options.pathsOf;
  }

  /** The whole of what is wanted from now on: [{ userId, kind }]. */
  want(feeds) {
    this.#feeds = feeds;
    const asked = JSON.stringify(feeds);
    if (asked !== this.#asked) {
      this.#asked = asked;
      this.send("sfu-subscribe", { feeds, restart: false });
    }
  }

  /** The server may not have heard what is wanted. */
  askAgain() {
    this.#asked = JSON.stringify(this.#feeds);
    this.send("sfu-subscribe", { feeds: this.#feeds, restart: false });
  }

  async begin() {
    this.#asked = JSON.stringify(this.#feeds);
    this.send("sfu-subscribe", { feeds: this.#feeds, restart: true });
  }

  /** Whether an m-line carries something of this participant. */
  carries(userId) {
    return Array.from(this.#owners.values()).some((owner) => owner.userId === userId);
  }

  /** The m-lines: [{ mid, userId, kind }]. */
  get streams() {
    return Array.from(this.#owners, ([mid, owner]) => ({ mid, ...owner }));
  }

  /** Somebody has come of whom something may already be here. */
  attach(userId) {
    for (const [mid, owner] of this.#owners) {
      if (owner.userId === userId) {
        this.#await(mid, owner);
      }
    }
  }

  offered({ number, sdp, streams }) {
    this.enqueue(async () => {
      if (this.connection === null || isReborn(this.connection, sdp)) {
        this.#arrivals = new Arrivals(this.open());
        this.settled();
      }
      const { connection } = this;
      if (!this.#release(streams)) {
        return;
      }
      await connection.setRemoteDescription({ type: "offer", sdp: named(sdp, streams) });
      await connection.setLocalDescription();
      if (connection === this.connection) {
        this.send("sfu-answer", { number, sdp: connection.localDescription.sdp });
        this.#take(streams);
      }
    });
  }

  /** Whose the m-lines are, without a negotiation. */
  assigned(streams) {
    this.enqueue(async () => {
      if (this.connection !== null && this.#release(streams)) {
        this.#take(streams);
      }
    });
  }

  forget() {
    this.#arrivals?.close();
    this.#arrivals = null;
    for (const [mid, { userId }] of Array.from(this.#owners)) {
      this.#owners.delete(mid);
      this.#pathsOf(userId)?.rest(this.#path);
    }
  }

  /** Take from their owners the tracks that are not theirs any more; false when the server mixes people up. */
  #release(streams) {
    const next = new Map(streams.filter(({ active }) => active).map((stream) => [stream.mid, stream]));
    let mixed = false;
    for (const [mid, owner] of Array.from(this.#owners)) {
      const other = next.get(mid);
      if (other?.userId !== owner.userId || mediaOf(other.kind) !== mediaOf(owner.kind)) {
        this.#arrivals.unwatch(mid);
        this.#owners.delete(mid);
        this.#pathsOf(owner.userId)?.withdraw(this.#path, [mediaOf(owner.kind)]);
        mixed ||= other !== undefined;
      }
    }
    if (mixed) {
      console.warn("the server put somebody on an m-line that was somebody else's");
      this.restart("its m-lines are mixed up");
    }
    return !mixed;
  }

  #take(streams) {
    for (const { mid, userId, kind, active } of streams) {
      const owner = this.#owners.get(mid);
      if (owner !== undefined && active) {
        owner.kind = kind; // the same person's other picture, on the same track
      } else if (active) {
        this.#owners.set(mid, { userId, kind });
        this.#await(mid, { userId, kind });
      }
    }
    this.dispatchEvent(new Event("streams"));
  }

  #await(mid, { userId, kind }) {
    const transceiver = this.connection?.getTransceivers().find((each) => each.mid === mid);
    if (transceiver === undefined || transceiver.receiver.track.kind !== mediaOf(kind)) {
      console.warn("the server names an m-line that is not there", mid, kind);
      return;
    }
    this.#arrivals.watch(mid, mediaOf(kind), () => {
      this.#pathsOf(userId)?.arrive(this.#path, mediaOf(kind), transceiver.receiver.track);
    });
  }
}

/** Whether an offer is of another connection than `connection`'s other end: ICE has other credentials (RFC 8839). */
function isReborn(connection, sdp) {
  const before = connection.remoteDescription?.sdp;
  return before !== undefined && ufragOf(before) !== ufragOf(sdp);
}

function ufragOf(sdp) {
  return /^a=ice-ufrag:(.*)$/m.exec(sdp)?.[1].trim();
}

/**
 * The SFU gives all m-lines one stream name, and the browser would keep one's picture in step with another's sound:
 * name the streams by participant (RFC 8830).
 */
export function named(sdp, streams) {
  const owners = new Map(streams.map(({ mid, userId }) => [mid, userId]));
  const numbers = new Map();
  const [head, ...sections] = sdp.split(/^(?=m=)/m);
  const renamed = sections.map((section) => {
    const owner = owners.get(/^a=mid:(.*)$/m.exec(section)?.[1].trim());
    if (owner === undefined) {
      return section;
    }
    if (!numbers.has(owner)) {
      numbers.set(owner, streamName(owner));
    }
    return section
      .replace(/^a=msid:\S+/m, `a=msid:${numbers.get(owner)}`)
      .replace(/^(a=ssrc:\d+ msid:)\S+/gm, `$1${numbers.get(owner)}`);
  });
  return head + renamed.join("");
}

/** A user id may hold what a stream name may not. */
function streamName(userId) {
  return `p${Array.from(new TextEncoder().encode(userId.slice(0, 40)), (byte) => byte.toString(16)).join("")}`;
}
