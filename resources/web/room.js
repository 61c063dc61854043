// Who is the host of the room, what its doors are, and who waits before them (docs/rights.md).

const MAX_KNOCKS = 50;
const MAX_ID_CHARS = 128;
const MAX_NAME_CHARS = 80;

const isId = (value) => typeof value === "string" && value !== "" && value.length <= MAX_ID_CHARS;

/**
 * Events: "change" (host or doors), "knock" (detail: { userId, name }), "knock-ended" (detail: user id), "mute-asked"
 * (detail: "audio" or "video").
 */
export class Room extends EventTarget {
  #send;
  #userId;

  host = "";
  locked = false;
  lobby = false;
  hasPassword = false;
  /** Who waits: user id to name. */
  knocks = new Map();

  /** `send` takes a message for the server; `userId` is this person's. */
  constructor(userId, send) {
    super();
    this.#userId = userId;
    this.#send = send;
  }

  get userId() {
    return this.#userId;
  }

  get isHost() {
    return this.host === this.#userId;
  }

  /** Who decides, and whether the doors are open. */
  get rules() {
    const { host, locked, lobby } = this;
    return { host, locked, lobby };
  }

  /** We are in the room, perhaps again: what the welcome says of it. */
  enter({ room, resumed }) {
    if (resumed !== true) {
      this.knocks.clear();
    }
    this.#take(room);
  }

  /** Act on a message of the server; false when it is none of ours. */
  receive(message) {
    const { type, userId } = message;
    if (type === "room-updated") {
      this.#take(message.room);
    } else if (type === "knock") {
      this.#knock(userId, message.displayName);
    } else if (type === "knock-ended") {
      this.#forget(userId);
    } else if (type === "mute-asked") {
      if (message.kind === "audio" || message.kind === "video") {
        this.#tell("mute-asked", message.kind);
      }
    } else {
      return false;
    }
    return true;
  }

  /** { locked, lobby, password }: what is left out stays; an empty password takes it away. */
  change(values) {
    this.#send({ type: "set-room", ...values });
  }

  letIn(userId) {
    this.#send({ type: "admit", userId });
  }

  refuse(userId) {
    this.#send({ type: "refuse", userId });
  }

  remove(userId, ban) {
    this.#send({ type: "kick", userId, ban });
  }

  /** `kind` is "audio" or "video". */
  askMute(userId, kind) {
    this.#send({ type: "ask-mute", userId, kind });
  }

  giveHost(userId) {
    this.#send({ type: "give-host", userId });
  }

  /** A server that knows nothing of hosts says nothing. */
  #take(room) {
    const said = room !== null && typeof room === "object" ? room : {};
    this.host = isId(said.host) ? said.host : "";
    this.locked = said.locked === true;
    this.lobby = said.lobby === true;
    this.hasPassword = said.password === true;
    if (!this.isHost) {
      this.knocks.clear();
    }
    this.#tell("change");
  }

  #knock(userId, name) {
    if (!isId(userId) || (this.knocks.size >= MAX_KNOCKS && !this.knocks.has(userId))) {
      return;
    }
    const isNew = !this.knocks.has(userId);
    const shown = typeof name === "string" && name.trim() !== "" ? name.slice(0, 2 * MAX_NAME_CHARS) : userId;
    this.knocks.set(userId, shown);
    if (isNew) {
      this.#tell("knock", { userId, name: shown });
    }
    this.#tell("change");
  }

  #forget(userId) {
    if (this.knocks.delete(userId)) {
      this.#tell("knock-ended", userId);
      this.#tell("change");
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
