// The connection to the signaling server: JSON messages over one WebSocket (docs/protocol.md).

import { LOST, NO_ANSWER, UNREACHABLE, refusalWords } from "./words.js";

const ANSWER_MS = 10_000;

/** The WebSocket address of the server that this page came from. */
export function serverUrl() {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`;
}

const capabilities = ["sfu"];

/**
 * Joins one room. Events, after join() has resolved:
 * "message" (detail: a message of the server) and "lost" (detail: the reason in words).
 */
export class Signaling extends EventTarget {
  #socket = null;
  #reason = null;

  /** Connect and join; resolves with `welcome`, rejects with an Error whose message is for the person. */
  join({ room, userId, name, audioMuted, videoMuted }) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(serverUrl());
      this.#socket = socket;
      let joined = false;
      const fail = (words) => {
        clearTimeout(timer);
        this.close();
        reject(new Error(words));
      };
      const timer = setTimeout(() => fail(NO_ANSWER), ANSWER_MS);

      socket.addEventListener("open", () => {
        this.send({ type: "join-room", roomId: room, userId, displayName: name, audioMuted, videoMuted, capabilities });
      });
      socket.addEventListener("message", (event) => {
        if (this.#socket !== socket) {
          return; // closed by us: what still arrives belongs to a call that has ended
        }
        const message = parse(event.data);
        if (message === null) {
          return;
        }
        // What the server says last before it closes is why.
        this.#reason = message.type === "error" ? refusalWords(message.code, message.message) : null;
        if (joined) {
          this.dispatchEvent(new CustomEvent("message", { detail: message }));
        } else if (message.type === "welcome") {
          joined = true;
          clearTimeout(timer);
          resolve(message);
        } else if (message.type === "error") {
          fail(this.#reason);
        }
      });
      socket.addEventListener("close", () => {
        if (this.#socket !== socket) {
          return;
        }
        if (!joined) {
          fail(this.#reason ?? UNREACHABLE);
          return;
        }
        this.#socket = null;
        this.dispatchEvent(new CustomEvent("lost", { detail: this.#reason ?? LOST }));
      });
    });
  }

  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  /** Leave the room and close, without a "lost" event. */
  close() {
    const socket = this.#socket;
    if (socket?.readyState === WebSocket.OPEN) {
      this.send({ type: "leave-room" });
    }
    this.#socket = null;
    socket?.close();
  }
}

function parse(text) {
  if (typeof text !== "string") {
    return null;
  }
  try {
    const message = JSON.parse(text);
    return message !== null && typeof message === "object" && typeof message.type === "string" ? message : null;
  } catch {
    return null;
  }
}
