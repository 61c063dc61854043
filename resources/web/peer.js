// The connection to one other participant. Whoever was in the room before offers; the newcomer answers.

import { randomId } from "./ids.js";
import { candidateData, describe, readSignal } from "./signal_data.js";

const KINDS = ["audio", "video"];
const MAX_EARLY_CANDIDATES = 200;
const CONNECT_MS = 15_000;

/**
 * Events: "state" (detail: new, waiting, connecting, connected, disconnected, failed, closed), "stream",
 * "connection" (another RTCPeerConnection, not yet described: the time to open data channels on it). */
export class Peer extends EventTarget {
  #iceServers;
  #send;
  #tracks = { audio: null, video: null };
  #sending;
  #localStream = new MediaStream(); // gives both tracks one msid, so that the far end keeps them in sync
  #session = null;
  #early = [];
  #chain = Promise.resolve();
  #timer = null;

  state = "new";
  stream = new MediaStream();
  connection = null;

  /** `send` takes the `data` of a signal message; `tracks` are { audio, video }, each a track or null. */
  constructor({ iceServers, tracks, send, sending = true }) {
    super();
    this.#iceServers = iceServers;
    this.#send = send;
    this.#tracks = { ...tracks };
    this.#sending = sending;
  }

  /** Begin: we were here before. */
  offer() {
    this.#enqueue(async () => {
      this.#open(randomId());
      for (const kind of KINDS) {
        this.connection.addTransceiver(this.#sent(kind) ?? kind, {
          direction: "sendrecv",
          streams: [this.#localStream],
        });
      }
      await this.connection.setLocalDescription();
      this.#send(describe(this.connection.localDescription, this.#session));
    });
  }

  /** Wait: the other one was here before and will offer. */
  expectOffer() {
    this.#startTimer("waiting");
  }

  /** Act on the data of a signal message from this participant. */
  receive(data) {
    const signal = readSignal(data);
    if (signal !== null && this.state !== "closed") {
      this.#enqueue(() => this.#receive(signal));
    }
  }

  /** Send another track, or null for none, from now on. No renegotiation: the transceivers are always there. */
  setTrack(kind, track) {
    this.#tracks[kind] = track;
    this.#fill([kind]);
  }

  /** Send the tracks by this connection, or nothing, while they travel by another way. The data channels go on. */
  setSending(sending) {
    if (sending !== this.#sending) {
      this.#sending = sending;
      this.#fill(KINDS);
    }
  }

  /** The m-line by which a track of `stream` comes. */
  midOf(track) {
    return this.connection?.getTransceivers().find((one) => one.receiver.track === track)?.mid ?? null;
  }

  close() {
    this.#setState("closed");
    this.connection?.close();
  }

  #sent(kind) {
    return this.#sending ? this.#tracks[kind] : null;
  }

  #fill(kinds) {
    this.#enqueue(async () => {
      for (const kind of kinds) {
        await this.#transceiver(kind)?.sender.replaceTrack(this.#sent(kind));
      }
    });
  }

  async #receive(signal) {
    if (signal.kind === "offer") {
      await this.#answer(signal);
      return;
    }
    if (this.connection === null || !this.#isCurrent(signal)) {
      return;
    }
    if (signal.kind === "answer") {
      if (this.connection.signalingState === "have-local-offer") {
        await this.connection.setRemoteDescription({ type: "answer", sdp: signal.sdp });
        await this.#addEarlyCandidates();
      }
    } else if (this.connection.remoteDescription === null) {
      if (this.#early.length < MAX_EARLY_CANDIDATES) {
        this.#early.push(signal.candidate);
      }
    } else {
      await this.#addCandidate(signal.candidate);
    }
  }

  async #answer(signal) {
    if (this.connection?.signalingState === "have-local-offer") {
      return; // we were here before: our own offer stands
    }
    if (this.connection === null || !this.#isCurrent(signal) || this.#isReborn(signal)) {
      this.#open(signal.session); // a new connection of theirs replaces ours
    }
    const connection = this.connection;
    await connection.setRemoteDescription({ type: "offer", sdp: signal.sdp });
    for (const kind of KINDS) {
      const transceiver = this.#transceiver(kind);
      if (transceiver) {
        transceiver.direction = "sendrecv";
        transceiver.sender.setStreams?.(this.#localStream);
        await transceiver.sender.replaceTrack(this.#sent(kind));
      }
    }
    await this.#addEarlyCandidates();
    await connection.setLocalDescription();
    this.#send(describe(connection.localDescription, this.#session));
  }

  #isCurrent(signal) {
    return signal.session === null || this.#session === null || signal.session === this.#session;
  }

  /** Whether an offer comes from another connection than before, which a client without sessions does not tell. */
  #isReborn(offer) {
    const { connectionState, remoteDescription } = this.connection;
    if (connectionState === "failed" || connectionState === "closed") {
      return true;
    }
    return remoteDescription !== null && certificateOf(remoteDescription.sdp) !== certificateOf(offer.sdp);
  }

  #transceiver(kind) {
    return this.connection?.getTransceivers().find((one) => one.receiver.track.kind === kind && !one.stopped);
  }

  async #addEarlyCandidates() {
    for (const candidate of this.#early.splice(0)) {
      await this.#addCandidate(candidate);
    }
  }

  async #addCandidate(candidate) {
    try {
      await this.connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      console.warn("a candidate was not understood", error);
    }
  }

  #open(session) {
    this.connection?.close();
    this.#session = session;
    this.#early = [];
    this.stream = new MediaStream();
    const connection = newConnection(this.#iceServers);
    this.connection = connection;
    this.dispatchEvent(new Event("connection"));
    this.#startTimer("failed");
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (connection === this.connection) {
        this.#send(candidateData(candidate, session));
      }
    });
    connection.addEventListener("track", ({ track }) => {
      if (connection !== this.connection) {
        return;
      }
      for (const old of this.stream.getTracks()) {
        if (old.kind === track.kind) {
          this.stream.removeTrack(old);
        }
      }
      this.stream.addTrack(track);
      this.dispatchEvent(new Event("stream"));
    });
    connection.addEventListener("connectionstatechange", () => {
      if (connection === this.connection) {
        this.#setState(connection.connectionState);
      }
    });
  }

  #startTimer(late) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#setState(late), CONNECT_MS);
  }

  #setState(state) {
    if (this.state === state || this.state === "closed") {
      return;
    }
    if (["connected", "failed", "closed"].includes(state)) {
      clearTimeout(this.#timer);
    }
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  /** All negotiation of one peer runs one step after another. */
  #enqueue(step) {
    this.#chain = this.#chain.then(async () => {
      if (this.state === "closed") {
        return;
      }
      try {
        await step();
      } catch (error) {
        if (this.state !== "closed") {
          console.warn("the negotiation failed", error);
          this.#setState("failed");
        }
      }
    });
  }
}

/** The fingerprint of the DTLS certificate, of which each connection has its own (RFC 8122). */
function certificateOf(sdp) {
  return /^a=fingerprint:(.*)$/m.exec(sdp)?.[1].trim().toLowerCase() ?? "";
}

/** A connection over one transport; without the ICE servers when they are not usable. */
export function newConnection(iceServers) {
  const policy = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" };
  try {
    return new RTCPeerConnection({ ...policy, iceServers });
  } catch (error) {
    console.warn("the server's ICE servers are not usable", error);
    return new RTCPeerConnection(policy);
  }
}
