// Puts a room in order again that was made anew after its server was started again (docs/rights.md).

const RESTORE_MS = 20_000; // so long the others may need to come back before the doors are closed again
const LOOK_MS = 250;

export class RoomRestore {
  #room;
  #others;
  #timer = null;
  #wanted = null;

  /** `others` gives everybody else in the room now: user id to instance (null where they have none). */
  constructor(room, others) {
    this.#room = room;
    this.#others = others;
  }

  /**
   * We are in the room again after a break, and what the server says of it is known. `rules` are those of before,
   * `before` who was there then (user id to instance), `password` the one that we have set as the host, or null.
   */
  begin({ rules, before, password, resumed }) {
    // Another break meanwhile must not have us take the answer of the new server for the order of before.
    const wanted = this.#wanted ?? (resumed ? null : { rules, before });
    this.stop();
    if (wanted === null || wanted.rules.host === "") {
      return;
    }
    this.#wanted = wanted;
    const untilMs = performance.now() + RESTORE_MS;
    this.#timer = setInterval(() => this.#look(untilMs, password), LOOK_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#wanted = null;
  }

  #look(untilMs, password) {
    const { rules, before } = this.#wanted;
    const now = this.#others();
    const isOver = performance.now() >= untilMs;
    if (!this.#room.isHost) {
      if (isOver) {
        this.stop();
      }
      return;
    }
    const wasHost = rules.host === this.#room.userId;
    const instance = before.get(rules.host) ?? null;
    if (!wasHost && instance !== null && now.get(rules.host) === instance) {
      this.stop(); // from here on it is the host's
      this.#room.giveHost(rules.host);
    } else if (isOver || Array.from(before.keys()).every((userId) => now.has(userId))) {
      this.stop();
      this.#closeDoors(rules, wasHost ? password : null);
    }
  }

  #closeDoors({ locked, lobby }, password) {
    const values = password === null ? {} : { password };
    if (locked !== this.#room.locked || lobby !== this.#room.lobby || password !== null) {
      this.#room.change({ locked, lobby, ...values });
    }
  }
}
