// One stay in one room: who is there, and a connection to each of them.

import { randomId } from "./ids.js";
import { LevelSource } from "./level.js";
import { Peer } from "./peer.js";
import { Paths } from "./sfu/paths.js";
import { SpeechWatch } from "./sfu/speech.js";
import { Topology } from "./sfu/topology.js";
import { Signaling } from "./signaling.js";

/**
 * Events: "joined" (detail: participant), "left" (detail: userId), "updated" (detail: participant),
 * "ended" (detail: the reason in words). A participant is { userId, name, audioMuted, videoMuted, peer, paths }:
 * what is seen and heard of them is in `paths`, by whichever way it comes.
 */
export class Call extends EventTarget {
  #signaling = new Signaling();
  #media;
  #iceServers = [];
  #muted = false;
  #over = false;
  #speech = null;

  userId = randomId();
  participants = new Map();
  topology = new Topology({
    participants: this.participants,
    send: (message) => this.#signaling.send(message),
    tracks: () => this.#media.tracks,
  });

  /** `media` is a LocalMedia; its tracks are sent as they come and go. */
  constructor(media) {
    super();
    this.#media = media;
    this.topology.addEventListener("topology", () => {
      for (const participant of this.participants.values()) {
        this.#noteWithheld(participant, participant.withheld);
      }
    });
    this.#signaling.addEventListener("message", ({ detail }) => this.#receive(detail));
    this.#signaling.addEventListener("lost", ({ detail }) => this.#end(detail));
    this.onMediaChange = ({ detail: kind }) => this.#mediaChanged(kind);
  }

  /** Enter; rejects with an Error whose message is for the person. */
  async join(room, name) {
    this.#applyMute();
    const states = this.#states();
    const welcome = await this.#signaling.join({ room, userId: this.userId, name, ...states });
    if (this.#over) {
      return;
    }
    this.#media.addEventListener("change", this.onMediaChange);
    const now = this.#states(); // a device may have come or gone while we joined
    if (now.audioMuted !== states.audioMuted || now.videoMuted !== states.videoMuted) {
      this.#signaling.send({ type: "update-participant", ...now });
    }
    this.#iceServers = Array.isArray(welcome.iceServers) ? welcome.iceServers : [];
    const participants = Array.isArray(welcome.participants) ? welcome.participants : [];
    this.topology.start({ ...welcome, participants }, this.#iceServers);
    if (welcome.topology) {
      // Another server would not know what it is told.
      this.#speech = new SpeechWatch((dbov) => this.#signaling.send({ type: "audio-level", dbov }));
      this.#listen();
    }
    for (const info of participants) {
      this.#add(info)?.peer.expectOffer();
    }
  }

  get muted() {
    return this.#muted;
  }

  setMuted(muted) {
    this.#muted = muted;
    this.#applyMute();
    this.#tellStates();
  }

  /** Leave: idempotent, and nothing is heard of this call any more. */
  leave() {
    this.#over = true;
    this.#media.removeEventListener("change", this.onMediaChange);
    this.#signaling.close();
    this.#speech?.close();
    this.topology.close();
    for (const { peer } of this.participants.values()) {
      peer.close();
    }
    this.participants.clear();
  }

  #end(words) {
    this.leave();
    this.dispatchEvent(new CustomEvent("ended", { detail: words }));
  }

  #receive(message) {
    if (this.topology.receive(message)) {
      return;
    }
    const participant = this.participants.get(message.userId ?? message.from);
    switch (message.type) {
      case "new-peer":
        this.#add(message)?.peer.offer();
        break;
      case "signal":
        if (message.data?.type === "picture") {
          this.#noteWithheld(participant, message.data.sent === false);
        } else {
          participant?.peer.receive(message.data);
        }
        break;
      case "participant-updated":
        if (participant) {
          Object.assign(participant, describe(message));
          this.#noteWithheld(participant, participant.withheld);
        }
        break;
      case "peer-left":
        this.#remove(message.userId);
        break;
      case "error":
        console.info("the server refused a message:", message.code);
        break;
    }
  }

  /** Whether a participant sends us no picture because the path to us is too narrow: to us it is off. */
  #noteWithheld(participant, withheld) {
    if (participant) {
      participant.withheld = withheld;
      // What they say of the direct path is nothing to the other one.
      participant.videoMuted = participant.cameraOff || (withheld && this.topology.mode === "mesh");
      this.dispatchEvent(new CustomEvent("updated", { detail: participant }));
    }
  }

  #add(info) {
    if (typeof info?.userId !== "string" || info.userId === this.userId) {
      return null;
    }
    this.#remove(info.userId);
    const { userId } = info;
    const peer = new Peer({
      iceServers: this.#iceServers,
      tracks: this.#media.tracks,
      sending: false, // until they are in the map, where their place is known
      send: (data) => this.#signaling.send({ type: "signal", targetUserId: userId, data }),
    });
    const participant = { userId, ...describe(info), withheld: false, peer, paths: new Paths() };
    this.participants.set(userId, participant);
    peer.setSending(this.topology.sendsTo(userId));
    this.dispatchEvent(new CustomEvent("joined", { detail: participant }));
    this.topology.added(participant);
    return participant;
  }

  #remove(userId) {
    const participant = this.participants.get(userId);
    if (participant) {
      this.participants.delete(userId);
      participant.peer.close();
      this.topology.removed(userId);
      this.dispatchEvent(new CustomEvent("left", { detail: userId }));
    }
  }

  #mediaChanged(kind) {
    this.#applyMute();
    for (const { peer } of this.participants.values()) {
      peer.setTrack(kind, this.#media.tracks[kind]);
    }
    this.topology.setTrack(kind, this.#media.tracks[kind]);
    if (kind === "audio") {
      this.#listen();
    }
    this.#tellStates();
  }

  #listen() {
    const { audio } = this.#media.tracks;
    this.#speech?.listenTo(audio && new LevelSource(audio));
  }

  #applyMute() {
    if (this.#media.tracks.audio) {
      this.#media.tracks.audio.enabled = !this.#muted;
    }
  }

  #states() {
    const { audio, video } = this.#media.tracks;
    return { audioMuted: this.#muted || audio === null, videoMuted: video === null };
  }

  #tellStates() {
    this.#signaling.send({ type: "update-participant", ...this.#states() });
  }
}

function describe(info) {
  return {
    name: typeof info.displayName === "string" && info.displayName.trim() !== "" ? info.displayName : info.userId,
    audioMuted: info.audioMuted === true,
    videoMuted: info.videoMuted === true,
    cameraOff: info.videoMuted === true,
  };
}
