// One WebSocket to the signaling server: JSON messages (docs/protocol.md).

/** The WebSocket address of the server that this page came from. */
export function serverUrl() {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`;
}

/** Events: "open", "message" (detail: a message of the server), "close". None of them after close() or drop(). */
export class ServerSocket extends EventTarget {
  #socket = new WebSocket(serverUrl());
  #over = false;

  constructor() {
    super();
    this.#socket.addEventListener("open", () => this.#tell("open"));
    this.#socket.addEventListener("close", () => {
      this.#tell("close");
      this.#over = true;
    });
    this.#socket.addEventListener("message", ({ data }) => {
      const message = parse(data);
      if (message !== null) {
        this.#tell("message", message);
      }
    });
  }

  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }

  /** Leave the room and close. */
  close() {
    this.send({ type: "leave-room" });
    this.drop();
  }

  /** Close as if the network had done it: the server keeps our place. */
  drop() {
    this.#over = true;
    this.#socket.close();
  }

  #tell(type, detail) {
    if (!this.#over) {
      this.dispatchEvent(new CustomEvent(type, { detail }));
    }
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
