// Sound and pictures by the direct connections: to whom they go, and when they have come.

import { Arrivals } from "./arrivals.js";

const PATH = "mesh";

/** `participants` is the call's Map, in the order of joining. Who is beyond the mesh limit is reached by data alone. */
export class MeshMedia {
  #participants;
  #arrivals = new Map(); // user id to the watch of their connection
  #on = true;
  #limit = Infinity;
  #before = new Set(); // who was there before us

  constructor(participants) {
    this.#participants = participants;
  }

  get on() {
    return this.#on;
  }

  /** Who was in the room before us. */
  startAfter(userIds) {
    this.#before = new Set(userIds);
  }

  /** Send and show by the direct connections, or do not; among the first `limit` people of the room. */
  switch({ on, limit = this.#limit }) {
    this.#on = on;
    this.#limit = limit;
    for (const participant of this.#participants.values()) {
      participant.peer.setSending(this.reaches(participant.userId));
      if (this.reaches(participant.userId)) {
        this.follow(participant);
      } else {
        this.#arrivals.get(participant.userId)?.close();
        participant.paths.rest(PATH);
      }
    }
  }

  /** Whether sound and pictures travel between us and them. */
  reaches(userId) {
    if (!this.#on || this.#limit === Infinity) {
      return this.#on;
    }
    const others = Array.from(this.#participants.keys());
    const earlier = others.filter((each) => this.#before.has(each));
    const first = [...earlier, null, ...others.filter((each) => !this.#before.has(each))].slice(0, this.#limit);
    return first.includes(null) && first.includes(userId);
  }

  added(participant) {
    participant.peer.addEventListener("stream", () => this.follow(participant));
  }

  removed(userId) {
    this.#before.delete(userId);
    this.#arrivals.get(userId)?.close();
    this.#arrivals.delete(userId);
    this.switch({ on: this.#on }); // somebody else may be within the limit now
  }

  close() {
    for (const arrivals of this.#arrivals.values()) {
      arrivals.close();
    }
    this.#arrivals.clear();
  }

  /** Show what comes of them by the direct connection, as soon as it comes. */
  follow({ userId, peer, paths }) {
    if (!this.reaches(userId) || peer.connection === null) {
      return;
    }
    let watch = null;
    const alone = ["audio", "video"].every((kind) => [null, PATH].includes(paths.pathOf(kind)));
    for (const track of peer.stream.getTracks()) {
      const { kind } = track;
      if (paths.has(PATH, [kind]) && paths.trackOf(PATH, kind) === track) {
        continue;
      }
      if (alone) {
        paths.arrive(PATH, kind, track); // there is nothing that it could put an end to
        continue;
      }
      watch ??= this.#watchOf(userId, peer.connection);
      watch.watch(peer.midOf(track), kind, () => paths.arrive(PATH, kind, track));
    }
  }

  #watchOf(userId, connection) {
    const known = this.#arrivals.get(userId);
    if (known?.connection === connection && !known.closed) {
      return known;
    }
    known?.close();
    const arrivals = new Arrivals(connection);
    this.#arrivals.set(userId, arrivals);
    return arrivals;
  }
}
