// How sound and pictures travel in the room: follows what the server says, and answers when the new way is up.

import {
  MESH,
  readActiveSpeaker,
  readFailed,
  readOffer,
  readPublished,
  readStreams,
  readTopology,
  readWatched,
} from "./messages.js";
import { MeshMedia } from "./mesh.js";
import { SfuSession } from "./session.js";

const READY_LIMIT_MS = 9_000; // the server waits 10 s, and cannot know why
const PICTURES_MS = 3_000; // so long we wait for pictures, too, when the sound is there: they would stand still
const LOOK_MS = 100;

/**
 * Events: "topology" (the mode, or what is being prepared, is different; detail: the message), "speaker", "change"
 * (of a connection to the SFU).
 */
export class Topology extends EventTarget {
  #participants;
  #send;
  #tracks;
  #iceServers = [];
  #mesh;
  #current = MESH;
  #pending = null;
  #sfu = null; // of the current topology
  #pendingSfu = null;
  #readyTimer = null;
  #view = null;
  #over = false;

  speaker = null;

  /** `participants` is the call's Map; `tracks` gives this person's { audio, video } tracks of the moment. */
  constructor({ participants, send, tracks }) {
    super();
    this.#participants = participants;
    this.#send = send;
    this.#tracks = tracks;
    this.#mesh = new MeshMedia(participants);
  }

  /** We are in the room; nobody was added yet. */
  start({ topology, activeSpeaker, participants }, iceServers) {
    this.#iceServers = iceServers;
    this.#mesh.startAfter(participants.map((each) => each?.userId));
    this.speaker = typeof activeSpeaker === "string" ? activeSpeaker : null;
    const first = topology === undefined || topology === null ? MESH : readTopology(topology);
    if (first === null) {
      console.warn("the server's topology is not understood", topology);
    }
    this.#commit({ ...(first ?? MESH), phase: "commit" });
  }

  /**
   * We are in the room again. With `resumed` the server has kept our place; otherwise it knows nothing of what we had,
   * and counts its epochs anew. What is seen and heard goes on until it comes by the new way.
   */
  rejoin({ topology, activeSpeaker, participants, resumed }, iceServers) {
    this.#iceServers = iceServers;
    this.#setSpeaker(typeof activeSpeaker === "string" ? activeSpeaker : null);
    const now = (topology ? readTopology(topology) : null) ?? MESH;
    if (resumed === true && now.epoch === this.epoch && now.mode === this.mode) {
      for (const sfu of this.#sessions()) {
        sfu.askAgain();
      }
      return;
    }
    this.#abort();
    if (resumed !== true) {
      this.#mesh.startAfter(participants.map((each) => each?.userId));
      if (now.mode === "sfu") {
        this.#sfu?.moveTo(now.epoch);
      }
    }
    this.#commit({ ...now, phase: "commit" });
    this.dispatchEvent(new CustomEvent("topology", { detail: { ...now, phase: "commit" } }));
  }

  /** The network is another one: the connections to the SFU may be dead in a moment. */
  networkChanged() {
    for (const sfu of this.#sessions()) {
      sfu.test();
    }
  }

  get mode() {
    return this.#current.mode;
  }

  get epoch() {
    return this.#current.epoch;
  }

  /** The mode that is being prepared, or null. */
  get coming() {
    return this.#pending?.mode ?? null;
  }

  get sfu() {
    return this.#sfu;
  }

  /** Whether sound and pictures are to travel between us and somebody by the direct connection. */
  sendsTo(userId) {
    return this.#mesh.reaches(userId);
  }

  /** What comes to the tile of a participant: "" or why nothing does: "connecting", "interrupted", "beyond". */
  wayOf({ userId, paths }) {
    if (this.mode === "mesh" || this.#sfu === null) {
      return this.#mesh.reaches(userId) ? "" : "beyond";
    }
    if (this.#sfu.subscriber.state === "interrupted" || this.#sfu.publisher.state === "interrupted") {
      return "interrupted";
    }
    return paths.has(this.#sfu.path) || this.#sfu.subscriber.carries(userId) ? "" : "connecting";
  }

  added(participant) {
    this.#mesh.added(participant);
    for (const sfu of this.#sessions()) {
      sfu.subscriber.attach(participant.userId);
      sfu.wantSoon();
    }
  }

  removed(userId) {
    this.#mesh.removed(userId);
    for (const sfu of this.#sessions()) {
      sfu.wantSoon();
    }
    if (this.speaker === userId) {
      this.#setSpeaker(null);
    }
  }

  setTrack(kind, track) {
    for (const sfu of this.#sessions()) {
      sfu.publisher.setTrack(kind, track);
    }
  }

  /** { large, small }: user ids of who is on the screen, the most important first. */
  show(view) {
    this.#view = view;
    for (const sfu of this.#sessions()) {
      sfu.show(view);
    }
  }

  close() {
    this.#over = true;
    clearTimeout(this.#readyTimer);
    this.#mesh.close();
    for (const sfu of this.#sessions()) {
      sfu.close();
    }
    this.#sfu = this.#pendingSfu = null;
  }

  /** Act on a message of the server; false when it is none of ours. */
  receive(message) {
    const [read, act] = this.#readers[message.type] ?? [];
    if (read === undefined) {
      return false;
    }
    const known = read(message);
    if (known === null) {
      console.warn("a message of the server is not understood", message.type);
    } else if (!this.#over) {
      act(known);
    }
    return true;
  }

  #readers = {
    topology: [readTopology, (message) => this.#follow(message)],
    "sfu-published": [readPublished, ({ epoch, sdp }) => this.#session(epoch)?.publisher.published(sdp)],
    "sfu-offer": [readOffer, (offer) => this.#session(offer.epoch)?.subscriber.offered(offer)],
    "sfu-streams": [readStreams, ({ epoch, streams }) => this.#session(epoch)?.subscriber.assigned(streams)],
    "sfu-watched": [readWatched, ({ epoch, kinds }) => this.#session(epoch)?.publisher.watched(kinds)],
    "sfu-failed": [readFailed, (failure) => this.#failed(failure)],
    "active-speaker": [readActiveSpeaker, ({ userId }) => this.#setSpeaker(userId)],
  };

  #sessions() {
    return [this.#sfu, this.#pendingSfu].filter((sfu) => sfu !== null);
  }

  #session(epoch) {
    return this.#sessions().find((sfu) => sfu.epoch === epoch) ?? null;
  }

  #failed({ epoch, connection, message }) {
    const sfu = this.#session(epoch);
    (connection === "publish" ? sfu?.publisher : sfu?.subscriber)?.restart(message);
  }

  #setSpeaker(userId) {
    if (userId !== this.speaker) {
      this.speaker = userId;
      this.dispatchEvent(new Event("speaker"));
    }
  }

  #follow(message) {
    if (message.epoch < Math.max(this.#current.epoch, this.#pending?.epoch ?? 0)) {
      return; // late
    }
    if (message.phase === "prepare") {
      this.#prepare(message);
    } else if (message.phase === "commit") {
      this.#commit(message);
    } else if (message.epoch === this.#pending?.epoch) {
      this.#abort();
    } else {
      return;
    }
    this.dispatchEvent(new CustomEvent("topology", { detail: message }));
  }

  #prepare(message) {
    if (message.epoch === this.#pending?.epoch || message.epoch === this.#current.epoch) {
      return; // said twice
    }
    this.#abort();
    this.#pending = message;
    if (message.mode === "sfu") {
      this.#pendingSfu = this.#newSession(message.epoch);
    } else {
      this.#mesh.switch({ on: true, limit: message.meshLimit });
    }
    this.#sayWhenReady(message, new Set(this.#participants.keys()), performance.now());
  }

  #commit(message) {
    clearTimeout(this.#readyTimer);
    const before = this.#sfu;
    const prepared = this.#pendingSfu;
    this.#current = message;
    this.#pending = this.#pendingSfu = null;
    if (message.mode === "sfu") {
      this.#sfu = [prepared, before].find((each) => each?.epoch === message.epoch) ?? this.#newSession(message.epoch);
    } else {
      this.#sfu = null;
    }
    this.#mesh.switch({ on: message.mode === "mesh", limit: message.meshLimit });
    for (const sfu of [before, prepared]) {
      if (sfu !== this.#sfu) {
        sfu?.close();
      }
    }
    this.dispatchEvent(new Event("change"));
  }

  /** The room stays as it was. */
  #abort() {
    clearTimeout(this.#readyTimer);
    this.#pendingSfu?.close();
    this.#pending = this.#pendingSfu = null;
    this.#mesh.switch({ on: this.mode === "mesh", limit: this.#current.meshLimit });
  }

  #newSession(epoch) {
    const sfu = new SfuSession({
      epoch,
      iceServers: this.#iceServers,
      send: this.#send,
      tracks: this.#tracks(),
      pathsOf: (userId) => this.#participants.get(userId)?.paths ?? null,
      userIds: () => Array.from(this.#participants.keys()),
      view: this.#view,
    });
    sfu.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    return sfu;
  }

  /** `awaited`: who was in the room when this was begun. */
  #sayWhenReady(message, awaited, begunMs) {
    const passedMs = performance.now() - begunMs;
    const kinds = passedMs < PICTURES_MS ? ["audio", "video"] : ["either"];
    const { epoch, mode } = message;
    const missing = Array.from(awaited).filter((userId) => kinds.some((kind) => this.#isMissing(userId, mode, kind)));
    const isUp = mode === "mesh" || this.#pendingSfu.publisher.state === "connected";
    if (isUp && missing.length === 0) {
      this.#send({ type: "topology-ready", epoch, ok: true });
    } else if (passedMs < READY_LIMIT_MS) {
      this.#readyTimer = setTimeout(() => this.#sayWhenReady(message, awaited, begunMs), LOOK_MS);
    } else {
      const reason = isUp ? `nothing came of ${missing.length} by the new way` : "nothing could be sent";
      this.#send({ type: "topology-ready", epoch, ok: false, reason });
    }
  }

  #isMissing(userId, mode, kind) {
    const participant = this.#participants.get(userId);
    if (participant === undefined || (mode === "mesh" && !this.#mesh.reaches(userId))) {
      return false;
    }
    const { audioMuted, cameraOff, withheld, paths, peer } = participant;
    if (kind === "video" && (cameraOff || withheld || (mode === "sfu" && !this.#pendingSfu.wantsPicture(userId)))) {
      return false;
    }
    if (paths.has(mode === "sfu" ? this.#pendingSfu.path : mode, kind === "either" ? undefined : [kind])) {
      return false;
    }
    // Who is muted may send no sound at all.
    const isThere = mode === "sfu" ? this.#pendingSfu.subscriber.carries(userId) : peer.state === "connected";
    return !(audioMuted && isThere && (kind === "audio" || cameraOff));
  }
}
