// One RTCPeerConnection to another participant, from its first description to its end.

import { newConnection } from "./connection.js";
import { describe } from "./signal_data.js";

export const KINDS = ["audio", "video"];
const MAX_EARLY_CANDIDATES = 200;

/**
 * Events: "candidate" (detail: an RTCIceCandidate or null), "track", "state" (of the connection, which has another one).
 * `tracks` are what is sent at first, { audio, video }; `localStream` gives both one msid, so that the far end keeps
 * them in sync.
 */
export class Attempt extends EventTarget {
  #early = [];
  #localStream;
  #release;
  #released = new Promise((resolve) => (this.#release = resolve));

  connection;
  session;
  /** Whether we made the offer. */
  offered;
  /** Whether it was ever up. */
  lived = false;
  bornMs = performance.now();
  stream = new MediaStream();

  constructor({ iceServers, certificate, session, offered, localStream }) {
    super();
    this.session = session;
    this.offered = offered;
    this.#localStream = localStream;
    const connection = newConnection(iceServers, certificate);
    this.connection = connection;
    connection.addEventListener("icecandidate", ({ candidate }) => this.#tell("candidate", candidate));
    connection.addEventListener("track", ({ track }) => {
      for (const old of this.stream.getTracks()) {
        if (old.kind === track.kind) {
          this.stream.removeTrack(old);
        }
      }
      this.stream.addTrack(track);
      this.#tell("track", track);
    });
    connection.addEventListener("connectionstatechange", () => {
      this.lived ||= connection.connectionState === "connected";
      this.#tell("state");
    });
  }

  /** Whether our offer waits for its answer. */
  get isUnanswered() {
    return this.connection.signalingState === "have-local-offer";
  }

  get isOver() {
    return ["failed", "closed"].includes(this.connection.connectionState);
  }

  get ageMs() {
    return performance.now() - this.bornMs;
  }

  /** Make an offer; resolves with the data of a signal message. */
  async offer(tracks) {
    for (const kind of KINDS) {
      this.connection.addTransceiver(tracks[kind] ?? kind, { direction: "sendrecv", streams: [this.#localStream] });
    }
    await this.connection.setLocalDescription();
    return describe(this.connection.localDescription, this.session);
  }

  /** Answer an offer; resolves with the data of a signal message. */
  async answer(sdp, tracks) {
    await this.connection.setRemoteDescription({ type: "offer", sdp });
    for (const kind of KINDS) {
      const transceiver = this.#transceiver(kind);
      if (transceiver) {
        transceiver.direction = "sendrecv";
        transceiver.sender.setStreams?.(this.#localStream);
        await transceiver.sender.replaceTrack(tracks[kind]);
      }
    }
    await this.#addEarlyCandidates();
    await this.connection.setLocalDescription();
    return describe(this.connection.localDescription, this.session);
  }

  /** Take the answer to our offer; one that nobody waits for is ignored. */
  async accept(sdp) {
    if (this.isUnanswered) {
      await this.connection.setRemoteDescription({ type: "answer", sdp });
      await this.#addEarlyCandidates();
    }
  }

  /** Take a candidate of theirs, or null at the end of them. */
  async take(candidate) {
    if (this.connection.remoteDescription !== null) {
      await this.#add(candidate);
    } else if (this.#early.length < MAX_EARLY_CANDIDATES) {
      this.#early.push(candidate);
    }
  }

  /** Send another track, or none. */
  async fill(kind, track) {
    await this.#transceiver(kind)?.sender.replaceTrack(track);
  }

  /** The m-line by which `track` comes. */
  midOf(track) {
    return this.connection.getTransceivers().find((one) => one.receiver.track === track)?.mid ?? null;
  }

  /** Whether an offer comes from another connection than before, which a client without sessions does not tell. */
  isReborn(sdp) {
    const before = this.connection.remoteDescription?.sdp;
    return this.isOver || (before !== undefined && certificateOf(before) !== certificateOf(sdp));
  }

  /** What `step` gives, undefined when the connection is over before: a closed one lets what was begun wait for good. */
  whileItLasts(step) {
    return Promise.race([step, this.#released]);
  }

  /** Nothing that was begun is waited for any more. */
  release() {
    this.#release();
  }

  close() {
    this.connection.close();
    this.#release();
  }

  #transceiver(kind) {
    return this.connection.getTransceivers().find((one) => one.receiver.track.kind === kind && !one.stopped);
  }

  async #addEarlyCandidates() {
    for (const candidate of this.#early.splice(0)) {
      await this.#add(candidate);
    }
  }

  async #add(candidate) {
    try {
      await this.connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      console.warn("a candidate was not understood", error);
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The fingerprint of the DTLS certificate (RFC 8122). */
function certificateOf(sdp) {
  return /^a=fingerprint:(.*)$/m.exec(sdp)?.[1].trim().toLowerCase() ?? "";
}
