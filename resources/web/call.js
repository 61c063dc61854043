// One stay in one room: who is there, and a connection to each of them.

import { newCertificate } from "./connection.js";
import { randomId } from "./ids.js";
import { LevelSource } from "./level.js";
import { NetworkWatch } from "./network.js";
import { Peer } from "./peer.js";
import { QualityWatch } from "./quality_watch.js";
import { RoomRestore } from "./restore.js";
import { Room } from "./room.js";
import { OwnScreen } from "./screen.js";
import { SafetyCodes } from "./safety.js";
import { Paths } from "./sfu/paths.js";
import { SpeechWatch } from "./sfu/speech.js";
import { Topology } from "./sfu/topology.js";
import { Refusal, Signaling } from "./signaling.js";
import { ENDED_ALONE, refusalWords } from "./words.js";

const LOOK_MS = 1_000;
const KEEP_MS = 45_000; // who is not back in the room after so long is not coming
const DOUBT_MS = 6_000; // a connection that does not come back by then: perhaps nobody hears our signals
const RENEW_MS = 15_000;
const ALONE_MS = 120_000; // without the server and without anybody there is no call
const MAX_INSTANCE_CHARS = 64;

/**
 * Events: "joined" (detail: participant), "left" (detail: userId), "updated" (detail: participant), "waiting" (the host
 * decides whether we may enter), "away" and "back" (the server), "refused" (detail: words; the server does not do what
 * we asked), "ended" (detail: a Refusal, with the reason in words). A participant is { userId, instance, name,
 * audioMuted, videoMuted, peer, paths }: what is seen and heard of them is in `paths`, by whichever way it comes.
 */
export class Call extends EventTarget {
  #signaling = new Signaling(() => (this.#told = this.#states()));
  #told = null;
  #media;
  #iceServers = [];
  #certificate = null;
  #muted = false;
  #over = false;
  #speech = null;
  #network = null;
  #timer = null;
  #awaySinceMs = null;
  #renewedMs = -Infinity;
  #password = null; // that we have set as the host

  userId;
  /** Tells this stay from another one of the same person. */
  instance = randomId();
  participants = new Map();
  room;
  #restore;
  safety = new SafetyCodes();
  screen = new OwnScreen();
  quality = new QualityWatch(this);
  topology = new Topology({
    participants: this.participants,
    send: (message) => this.#signaling.send(message),
    tracks: () => ({ ...this.#media.tracks, screen: this.screen.track }),
  });

  /** `media` is a LocalMedia; its tracks are sent as they come and go. `userId` is what others know us by. */
  constructor(media, userId) {
    super();
    this.#media = media;
    this.userId = userId;
    this.room = new Room(userId, (message) => this.#signaling.send(message));
    this.#restore = new RoomRestore(this.room, () => this.#instances((one) => one.missingSinceMs === null));
    this.topology.addEventListener("topology", () => {
      for (const participant of this.participants.values()) {
        this.#noteWithheld(participant, participant.withheld);
      }
      if (this.screen.track !== null) {
        this.#tellStates(); // what comes on the line of pictures is another thing now
      }
    });
    this.screen.addEventListener("change", () => this.#screenChanged());
    this.#signaling.addEventListener("message", ({ detail }) => this.#receive(detail));
    this.#signaling.addEventListener("waiting", () => this.dispatchEvent(new Event("waiting")));
    this.#signaling.addEventListener("away", () => this.#lostServer());
    this.#signaling.addEventListener("back", ({ detail }) => this.#back(detail));
    this.#signaling.addEventListener("lost", ({ detail }) => this.#end(detail));
    this.onMediaChange = ({ detail: kind }) => this.#mediaChanged(kind);
  }

  /** Enter; rejects with a Refusal. `access` and `password` are "" where there are none. */
  async join({ room, name, access = "", password = "" }) {
    this.#applyMute();
    this.#certificate = await newCertificate();
    if (this.#over) {
      return;
    }
    this.safety.use(this.#certificate);
    const { userId, instance } = this;
    const welcome = await this.#signaling.join({ room, userId, instance, name, access, password });
    if (this.#over) {
      return;
    }
    this.#media.addEventListener("change", this.onMediaChange);
    this.#tellChanges();
    this.#network = new NetworkWatch();
    this.#network.addEventListener("changed", () => this.#networkChanged());
    this.#network.addEventListener("seen", () => this.#signaling.hurry());
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    const participants = this.#take(welcome);
    this.topology.start({ ...welcome, participants }, this.#iceServers);
    if (welcome.topology) {
      // Another server would not know what it is told.
      this.#speech = new SpeechWatch((dbov) => this.#signaling.send({ type: "audio-level", dbov }));
      this.#listen();
    }
    for (const info of participants) {
      this.#add(info)?.peer.expectOffer();
    }
    this.room.enter(welcome);
  }

  /** Whether the server hears us; sound and picture need it not. */
  get isServerThere() {
    return this.#signaling.isThere;
  }

  get muted() {
    return this.#muted;
  }

  setMuted(muted) {
    this.#muted = muted;
    this.#applyMute();
    this.#tellStates();
  }

  /** As the host: the password of the room from now on, "" for none. */
  setPassword(password) {
    this.#password = password;
    this.room.change({ password });
    this.#signaling.addPassword(password);
  }

  /** Leave: idempotent, and nothing is heard of this call any more. */
  leave() {
    this.#over = true;
    clearInterval(this.#timer);
    this.#restore.stop();
    this.#media.removeEventListener("change", this.onMediaChange);
    this.screen.stop();
    this.#signaling.close();
    this.#network?.close();
    this.#speech?.close();
    this.quality.close();
    this.topology.close();
    for (const { peer } of this.participants.values()) {
      peer.close();
    }
    this.participants.clear();
  }

  #end(refusal) {
    this.leave();
    this.dispatchEvent(new CustomEvent("ended", { detail: refusal }));
  }

  #receive(message) {
    if (this.topology.receive(message) || this.room.receive(message)) {
      return;
    }
    const participant = this.participants.get(message.userId ?? message.from);
    switch (message.type) {
      case "new-peer":
        this.#meet(message);
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
          this.#describe(participant, message);
        }
        break;
      case "peer-left":
        this.#remove(message.userId);
        break;
      case "error":
        console.info("the server refused a message:", message.code);
        if (message.code === "not-host") {
          this.dispatchEvent(new CustomEvent("refused", { detail: refusalWords(message.code, message.message) }));
        }
        break;
    }
  }

  /** Of a welcome: the ICE servers are noted, the participants are given back. */
  #take({ iceServers, participants }) {
    this.#iceServers = Array.isArray(iceServers) ? iceServers : [];
    return Array.isArray(participants) ? participants : [];
  }

  /** Somebody has come, or has come back. */
  #meet(info) {
    const known = this.participants.get(info.userId);
    if (!isSameStay(known, info)) {
      this.#add(info)?.peer.offer();
      return;
    }
    known.missingSinceMs = null;
    this.#describe(known, info);
    if (!known.peer.hasLived) {
      this.#add(info)?.peer.offer(); // they begin anew, too
    } else if (!known.peer.lives) {
      known.peer.hurry();
    }
  }

  #lostServer() {
    this.#awaySinceMs ??= performance.now();
    this.dispatchEvent(new Event("away"));
  }

  /** We are in the room again: compare who is there with whom we have (docs/recovery.md). */
  #back(welcome) {
    const wasAway = this.#awaySinceMs !== null;
    this.#awaySinceMs = null;
    const resumed = welcome.resumed === true;
    const { rules } = this.room;
    const before = this.#instances(() => true);
    const participants = this.#take(welcome);
    const there = new Set(participants.map((info) => info?.userId));
    for (const known of Array.from(this.participants.values())) {
      if (there.has(known.userId)) {
        known.missingSinceMs = null;
      } else if (resumed) {
        this.#remove(known.userId);
      } else {
        known.missingSinceMs ??= performance.now();
      }
    }
    for (const info of participants) {
      const known = this.participants.get(info?.userId);
      if (isSameStay(known, info) && known.peer.hasLived) {
        this.#describe(known, info);
        known.peer.hurry();
      } else if (resumed) {
        this.#add(info)?.peer.offer(); // we were here before
      } else {
        this.#add(info)?.peer.expectOffer();
      }
    }
    this.topology.rejoin({ ...welcome, participants }, this.#iceServers);
    this.room.enter(welcome);
    this.#restore.begin({ rules, before, password: this.#password, resumed });
    this.#tellStates();
    if (wasAway) {
      this.dispatchEvent(new Event("back"));
    }
  }

  /** User id to instance of those for whom `condition` holds. */
  #instances(condition) {
    const found = Array.from(this.participants.values()).filter(condition);
    return new Map(found.map(({ userId, instance }) => [userId, instance]));
  }

  #networkChanged() {
    this.#signaling.renew();
    this.topology.networkChanged();
    for (const { peer } of this.participants.values()) {
      peer.networkChanged();
    }
  }

  #look() {
    const nowMs = performance.now();
    let alive = false;
    let inDoubt = false;
    for (const { userId, peer, missingSinceMs } of Array.from(this.participants.values())) {
      alive ||= peer.lives;
      inDoubt ||= peer.state === "reconnecting" && nowMs - peer.stateSinceMs > DOUBT_MS;
      if (missingSinceMs !== null && (!peer.lives || nowMs - missingSinceMs > KEEP_MS)) {
        this.#remove(userId);
      }
    }
    if (inDoubt && nowMs - this.#renewedMs > RENEW_MS) {
      this.#renewedMs = nowMs;
      this.#signaling.renew();
    }
    if (this.#awaySinceMs !== null && !alive && nowMs - this.#awaySinceMs > ALONE_MS) {
      this.#end(new Refusal(ENDED_ALONE));
    }
  }

  #describe(participant, info) {
    Object.assign(participant, describe(info));
    this.topology.screensChanged();
    this.#noteWithheld(participant, participant.withheld);
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
    const instance = instanceOf(info);
    const peer = new Peer({
      iceServers: this.#iceServers,
      certificate: this.#certificate,
      tracks: this.#lineTracks,
      sending: false, // until they are in the map, where their place is known
      send: (data) => this.#signaling.send({ type: "signal", targetUserId: userId, data }),
    });
    const paths = new Paths();
    const participant = { userId, instance, ...describe(info), withheld: false, missingSinceMs: null, peer, paths };
    this.participants.set(userId, participant);
    peer.setSending(this.topology.sendsTo(userId));
    const noteCertificate = () => peer.lives && this.safety.note(participant, peer.connection);
    peer.addEventListener("state", noteCertificate);
    peer.addEventListener("connection", noteCertificate);
    this.dispatchEvent(new CustomEvent("joined", { detail: participant }));
    this.topology.added(participant);
    return participant;
  }

  #remove(userId) {
    const participant = this.participants.get(userId);
    if (participant) {
      this.participants.delete(userId);
      participant.peer.close();
      this.safety.forget(userId);
      this.topology.removed(userId);
      this.dispatchEvent(new CustomEvent("left", { detail: userId }));
    }
  }

  #mediaChanged(kind) {
    this.#applyMute();
    for (const { peer } of this.participants.values()) {
      peer.setTrack(kind, this.#lineTracks[kind]);
    }
    this.topology.setTrack(kind, this.#media.tracks[kind]);
    if (kind === "audio") {
      this.#listen();
    }
    this.#tellStates();
  }

  /** On the direct connections a screen goes in place of the camera's picture. */
  get #lineTracks() {
    const { audio, video } = this.#media.tracks;
    return { audio, video: this.screen.track ?? video };
  }

  #screenChanged() {
    if (this.#over) {
      return;
    }
    for (const { peer } of this.participants.values()) {
      peer.setTrack("video", this.#lineTracks.video);
    }
    this.topology.setTrack("screen", this.screen.track);
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
    const screen = this.screen.track !== null;
    const videoMuted = video === null && !(screen && this.topology.mode === "mesh");
    return { audioMuted: this.#muted || audio === null, videoMuted, screen };
  }

  #tellStates() {
    this.#signaling.send({ type: "update-participant", ...this.#states() });
  }

  /** A device may have come or gone while we joined, or while nobody heard us. */
  #tellChanges() {
    const now = this.#states();
    if (now.audioMuted !== this.#told.audioMuted || now.videoMuted !== this.#told.videoMuted) {
      this.#tellStates();
    }
  }
}

function instanceOf({ instance }) {
  return typeof instance === "string" && instance !== "" && instance.length <= MAX_INSTANCE_CHARS ? instance : null;
}

/** Whether somebody who comes is the call that we know going on; who says nothing of it begins anew. */
function isSameStay(known, info) {
  return known !== undefined && known.instance !== null && known.instance === instanceOf(info);
}

function describe(info) {
  return {
    name: typeof info.displayName === "string" && info.displayName.trim() !== "" ? info.displayName : info.userId,
    audioMuted: info.audioMuted === true,
    videoMuted: info.videoMuted === true,
    cameraOff: info.videoMuted === true,
    screen: info.screen === true,
  };
}
