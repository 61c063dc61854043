// Who we are in a room for as long as this tab is open, so that a page that was loaded again is the same person.

import { randomId } from "./ids.js";

const STORED = "bridgecall.stay";
const USER_ID = /^[0-9a-f]{32}$/; // as randomId() makes them

/**
 * Kept in sessionStorage, which a reload and a crash of the page outlive, and no other tab has: but one that is a copy
 * of this tab, where the server says that the id is taken, and renew() makes another one.
 */
export class Stay {
  #room;

  /** Whether we are in the call now. */
  isInCall = false;
  /** What others know us by. The id is no secret: everybody in the room knows it. */
  userId = randomId();
  /** Whether this tab has been in the room before. */
  isKnown = false;
  /** Whether the page was gone in the middle of a call. */
  wasInCall = false;

  constructor(room) {
    this.#room = room;
    const stored = read();
    if (stored?.room === room && typeof stored.userId === "string" && USER_ID.test(stored.userId)) {
      this.userId = stored.userId;
      this.isKnown = true;
      this.wasInCall = stored.inCall === true;
    }
  }

  /** Somebody else has our id. */
  renew() {
    this.userId = randomId();
    this.isKnown = false;
  }

  /** We are in the call, or have left it on purpose. */
  note(inCall) {
    this.isInCall = inCall;
    write({ room: this.#room, userId: this.userId, inCall });
  }
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED));
  } catch {
    return null; // some browsers forbid storage altogether
  }
}

function write(value) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(value));
  } catch {
    // A page that is loaded again is somebody new then.
  }
}
