// The place in a room on the signaling server: taken once, and taken again when the connection is lost
// (docs/protocol.md, docs/recovery.md).

import { Passwords } from "./passwords.js";
import { Schedule } from "./schedule.js";
import { ServerSocket } from "./socket.js";
import { KICKED, LOST, NO_ANSWER, UNREACHABLE, refusalWords } from "./words.js";

const ANSWER_MS = 10_000;
const CAPABILITIES = ["sfu", "resume"];
const MAX_TOKEN_CHARS = 128;
/** What may be otherwise in a moment, to somebody who comes back. */
const PASSING = new Set([
  "user-id-taken",
  "server-shutdown",
  "too-many-connections",
  "too-fast",
  "room-full",
  "unavailable",
  "too-many-attempts",
]);

const PASSWORD_CODES = new Set(["password-required", "wrong-password"]);

/** Why one may not enter, or is not inside any more: `code` is the server's, "" when there is no answer of it. */
export class Refusal extends Error {
  constructor(words, code = "") {
    super(words);
    this.code = code;
  }
}

/**
 * Events: "waiting" (the host decides whether we may enter), and after join() has resolved "message" (detail: a message
 * of the server), "away" (the connection is lost), "back" (detail: the new welcome), "lost" (detail: a Refusal).
 */
export class Signaling extends EventTarget {
  #socket = null;
  #states; // gives what join-room says of us at the moment
  #entry = null;
  #passwords = null;
  #token = null;
  #reason = null;
  #timer = null;
  #over = false;
  #attempt = null; // a socket that is not inside yet, while another one may be
  #schedule = new Schedule(() => this.#tryAgain());

  /** `states` gives { audioMuted, videoMuted } of the moment. */
  constructor(states) {
    super();
    this.#states = states;
  }

  /** Whether the server hears us. */
  get isThere() {
    return this.#socket !== null;
  }

  /**
   * Connect and join; resolves with `welcome`, rejects with a Refusal. `entry` has room, userId, name, instance, and
   * where there is one access and password.
   */
  join(entry) {
    this.#entry = entry;
    this.#passwords = new Passwords(entry.password ?? "");
    return new Promise((resolve, reject) => this.#enter({ resolve, reject, resume: null }));
  }

  send(message) {
    this.#socket?.send(message);
  }

  /** The room has another password, as far as we know. */
  addPassword(password) {
    this.#passwords?.add(password);
  }

  /** Another network perhaps: what is lost is tried at once, and what seems to be there is made anew. */
  renew() {
    if (this.#schedule.running) {
      this.#dropAttempt();
      this.#schedule.hurry();
    } else if (this.#socket !== null && this.#token !== null && this.#attempt === null) {
      // It takes over from the old socket, which may be dead without anybody knowing.
      this.#tryAgain();
    }
  }

  /** Look at once whether the server is there again. */
  hurry() {
    if (this.#schedule.running && this.#attempt === null) {
      this.#schedule.hurry();
    }
  }

  /** Leave the room and close, without a "lost" event. */
  close() {
    this.#over = true;
    this.#schedule.stop();
    this.#attempt?.close();
    this.#dropAttempt();
    this.#socket?.close();
    this.#socket = null;
  }

  #tryAgain() {
    if (this.#attempt !== null) {
      return; // it may still come up
    }
    const resolve = (welcome) => {
      this.#schedule.stop();
      this.dispatchEvent(new CustomEvent("back", { detail: welcome }));
    };
    const reject = (refusal) => {
      const tryOn = PASSWORD_CODES.has(refusal.code)
        ? this.#passwords.refused(performance.now())
        : refusal.code === "" || PASSING.has(refusal.code);
      if (!tryOn) {
        this.#lose(refusal);
      } else if (this.#socket === null) {
        this.#schedule.start();
      }
    };
    this.#enter({ resolve, reject, resume: this.#token });
  }

  #enter({ resolve, reject, resume }) {
    const socket = new ServerSocket();
    this.#attempt = socket;
    let reason = null;
    const fail = (words, code) => {
      if (this.#attempt === socket) {
        // Before somebody is inside there is nothing to leave; who resumes keeps their place for the next attempt.
        this.#dropAttempt();
        reject(new Refusal(words, code));
      }
    };
    this.#timer = setTimeout(() => fail(NO_ANSWER), ANSWER_MS);
    socket.addEventListener("open", () => {
      socket.send(joinMessage({ ...this.#entry, password: this.#passwords.current }, this.#states(), resume));
    });
    socket.addEventListener("close", () => {
      if (this.#socket === socket) {
        this.#lostSocket();
      } else {
        fail(reason ?? UNREACHABLE);
      }
    });
    socket.addEventListener("message", ({ detail: message }) => {
      // What the server says last before it closes is why.
      reason = message.type === "error" ? refusalWords(message.code, message.message) : null;
      if (this.#socket === socket) {
        this.#reason = reason;
        this.#receive(message);
      } else if (message.type === "welcome") {
        this.#settle(socket, message);
        resolve(message);
      } else if (message.type === "waiting") {
        clearTimeout(this.#timer); // a person decides, and takes the time that it takes
        this.dispatchEvent(new Event("waiting"));
      } else if (message.type === "error") {
        fail(reason, typeof message.code === "string" ? message.code : "unknown");
      }
    });
  }

  #settle(socket, welcome) {
    clearTimeout(this.#timer);
    this.#attempt = null;
    this.#socket?.drop();
    this.#socket = socket;
    this.#reason = null;
    this.#passwords.accepted();
    const token = welcome.session?.token;
    this.#token = typeof token === "string" && token.length <= MAX_TOKEN_CHARS ? token : null;
  }

  #receive(message) {
    if (message.type === "error" && message.code === "kicked") {
      const said = typeof message.message === "string" && message.message !== "" ? this.#reason : KICKED;
      this.#lose(new Refusal(said, "kicked"));
    } else {
      this.dispatchEvent(new CustomEvent("message", { detail: message }));
    }
  }

  #lostSocket() {
    this.#socket = null;
    console.info("the connection to the server is lost:", this.#reason ?? LOST);
    this.dispatchEvent(new Event("away"));
    if (!this.#over) {
      this.#schedule.start();
    }
  }

  #lose(refusal) {
    this.close();
    this.dispatchEvent(new CustomEvent("lost", { detail: refusal }));
  }

  #dropAttempt() {
    clearTimeout(this.#timer);
    this.#attempt?.drop();
    this.#attempt = null;
  }
}

function joinMessage({ room, userId, name, instance, access, password }, states, resume) {
  return {
    type: "join-room",
    roomId: room,
    userId,
    displayName: name,
    ...states,
    capabilities: CAPABILITIES,
    instance,
    ...(access ? { access } : {}),
    ...(password ? { password } : {}),
    ...(resume ? { resume } : {}),
  };
}
