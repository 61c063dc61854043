// The call as the person sees it: tiles, state line, buttons.

import { Gallery } from "./gallery.js";
import { NONE } from "./media.js";
import { showBars } from "./people/peopleview.js";
import { pictureOf } from "./screen.js";
import { ScreenView, screenWords } from "./screenview.js";
import { ServerLine } from "./serverline.js";
import { Tile } from "./tiles.js";
import { crowdWords, deviceWords, muteAskedWords, peerWords, topologyWords, wayWords } from "./words.js";

const NOTICE_MS = 8_000;
const DEVICE_NAMES = { audio: "microphone", video: "camera" };

const element = (id) => document.getElementById(id);

/** Events: "leave". */
export class CallView extends EventTarget {
  #media;
  #room;
  #call = null;
  #name = "";
  #ownTrack = null;
  #ownTile = null;
  #gallery = new Gallery(element("tiles"));
  #noticeTimer = null;
  #screens = new ScreenView(this.#gallery, (words) => this.#say(words));
  #serverLine = new ServerLine(element("server-line"));

  constructor(media, room) {
    super();
    this.#media = media;
    this.#room = room;
    element("mute").addEventListener("click", () => this.#toggleMicrophone());
    element("camera-off").addEventListener("click", () => this.#toggleCamera());
    element("leave").addEventListener("click", () => this.dispatchEvent(new Event("leave")));
    element("copy").addEventListener("click", () => this.#copyLink());
    element("copy").hidden = !navigator.clipboard;
    element("sound").addEventListener("click", () => this.#playAll());
    element("notice-close").addEventListener("click", () => this.#say(""));
    element("tiles").addEventListener("sound-blocked", () => (element("sound").hidden = false));
    media.addEventListener("change", ({ detail: kind }) => {
      if (this.#call) {
        this.#showOwn();
        this.#sayProblems([kind]);
      }
    });
    this.#gallery.addEventListener("view", ({ detail }) => this.#call?.topology.show(detail));
  }

  /** Show `call`, which is about to join. */
  open(call, name) {
    this.#call = call;
    this.#name = name;
    element("call-room").textContent = this.#room;
    element("sound").hidden = true;
    this.#say("");
    this.#ownTile = new Tile(element("tile-template"), { userId: call.userId, name, own: true });
    this.#gallery.setOwn(this.#ownTile);
    this.#showOwn();
    this.#setStatus("Joining…");
    this.#screens.open(call);
    call.addEventListener("joined", ({ detail }) => this.#joined(detail));
    call.addEventListener("left", ({ detail }) => this.#left(detail));
    call.addEventListener("updated", ({ detail }) => this.#update(detail));
    call.addEventListener("away", () => this.#serverLine.away(call.participants.size > 0));
    call.addEventListener("back", () => this.#serverLine.back());
    call.addEventListener("refused", ({ detail }) => this.say(detail));
    call.room.addEventListener("mute-asked", ({ detail }) => this.#obeyMute(detail));
    call.quality.addEventListener("quality", ({ detail }) => this.#showQuality(detail));
    call.safety.addEventListener("changed", ({ detail }) => this.#warn(detail));
    call.topology.addEventListener("change", () => this.#showStates());
    call.topology.addEventListener("speaker", () => this.#showSpeaker());
    call.topology.addEventListener("topology", ({ detail }) => this.#tellTopology(detail));
  }

  /** Say that joining has succeeded. */
  entered() {
    this.#countPeople();
    this.#showSpeaker();
    this.#sayProblems(["video", "audio"]);
  }

  close() {
    this.#call = null;
    this.#ownTrack = null;
    this.#ownTile = null;
    this.#gallery.clear();
    this.#screens.close();
    this.#serverLine.close();
    clearTimeout(this.#noticeTimer);
  }

  /** Tell the person something, for a moment. */
  say(words) {
    this.#say(words);
  }

  #joined(participant) {
    const { userId, peer, paths } = participant;
    const tile = new Tile(element("tile-template"), participant);
    this.#gallery.add(userId, tile);
    peer.addEventListener("state", () => this.#showState(participant));
    paths.addEventListener("track", ({ detail: kind }) => {
      if (kind === "audio") {
        tile.setSound(paths.current.audio);
      } else {
        this.#update(participant);
      }
      this.#showState(participant);
    });
    paths.addEventListener("rest", ({ detail: kind }) => {
      if (kind === "video") {
        tile.holdPicture();
      }
    });
    this.#showState(participant);
    this.#update(participant);
    this.#countPeople();
    this.#showSpeaker();
  }

  #update(participant) {
    const { topology } = this.#call ?? {};
    const tile = this.#gallery.get(participant.userId);
    if (topology === undefined || tile === undefined) {
      return;
    }
    const isScreen = participant.screen && topology.mode === "mesh";
    const label = isScreen ? screenWords(participant.name) : participant.name;
    tile.update({ ...participant, label, screen: isScreen });
    tile.setPicture(pictureOf(participant, topology));
    this.#screens.update(participant);
  }

  #left(userId) {
    this.#screens.left(userId);
    this.#gallery.remove(userId);
    this.#countPeople();
  }

  #showStates() {
    for (const participant of this.#call?.participants.values() ?? []) {
      this.#showState(participant);
    }
  }

  /** What is to be said of the way by which somebody's sound and picture come. */
  #showState(participant) {
    const { topology } = this.#call ?? {};
    const { state } = participant.peer;
    const way = topology?.wayOf(participant) ?? "";
    const direct = topology?.mode === "mesh";
    const words = direct && way === "" ? peerWords(state) : wayWords(way);
    this.#gallery.get(participant.userId)?.setState(words, direct && way === "" && state === "failed");
  }

  #showQuality({ userId, word }) {
    showBars(this.#gallery.get(userId)?.element, word);
  }

  /** Somebody else answers for a person whose stay has not ended. */
  #warn(userId) {
    const name = this.#call?.participants.get(userId)?.name ?? "Somebody";
    const words = `The safety code of ${name} has changed. Compare the words again before you trust the connection.`;
    this.#say(words, { stays: true });
  }

  /** The host may ask for silence; nobody can be switched on. */
  async #obeyMute(kind) {
    const { tracks } = this.#media;
    const isOff = tracks[kind] === null || (kind === "audio" && this.#call.muted);
    if (isOff) {
      return;
    }
    if (kind === "audio") {
      this.#call.setMuted(true);
      this.#showOwn();
    } else {
      await this.#media.close("video");
    }
    this.#say(muteAskedWords(kind, this.#call?.participants.get(this.#call.room.host)?.name ?? ""));
  }

  #showSpeaker() {
    const { topology, userId } = this.#call;
    this.#gallery.setSpeaker(topology.speaker, topology.speaker === userId);
  }

  #tellTopology({ phase, reason }) {
    const words = phase === "commit" ? topologyWords(reason) : "";
    if (words !== "") {
      this.#say(words);
    }
  }

  #countPeople() {
    this.#setStatus(crowdWords(this.#call?.participants.size ?? 0));
  }

  #setStatus(words) {
    element("status").textContent = words;
  }

  #showOwn() {
    const { audio, video } = this.#media.tracks;
    const silent = audio === null || this.#call.muted;
    this.#ownTile.update({ name: this.#name, label: "You", audioMuted: silent, videoMuted: video === null });
    if (video !== this.#ownTrack) {
      this.#ownTrack = video;
      this.#ownTile.setPicture(video);
    }
    setTool(element("mute"), silent, "microphone", silent ? "Unmute" : "Mute");
    setTool(element("camera-off"), video === null, "camera", video === null ? "Camera on" : "Camera off");
  }

  async #toggleMicrophone() {
    if (this.#media.tracks.audio !== null) {
      this.#call.setMuted(!this.#call.muted);
      this.#showOwn();
      return;
    }
    this.#call.setMuted(false);
    await this.#turnOn("audio", element("mute"));
  }

  async #toggleCamera() {
    if (this.#media.tracks.video !== null) {
      await this.#media.close("video");
    } else {
      await this.#turnOn("video", element("camera-off"));
    }
  }

  async #turnOn(kind, button) {
    if (this.#media.choice[kind] === NONE) {
      this.#media.choice[kind] = "";
    }
    button.disabled = true; // a device may take a second to start
    await this.#media.open(kind);
    button.disabled = false;
    button.focus();
  }

  #sayProblems(kinds) {
    const { problems } = this.#media;
    const failed = kinds.filter((kind) => problems[kind] !== null);
    this.#say(failed.map((kind) => deviceWords(problems[kind], DEVICE_NAMES[kind])).join(" "));
  }

  /** What `stays` is closed by the person, or gives way to other words. */
  #say(words, { stays = false } = {}) {
    clearTimeout(this.#noticeTimer);
    element("notice-box").hidden = words === "";
    element("notice-box").classList.toggle("grave", stays);
    element("notice").textContent = words;
    element("notice").hidden = words === "";
    if (words !== "" && !stays) {
      this.#noticeTimer = setTimeout(() => this.#say(""), NOTICE_MS);
    }
  }

  async #copyLink() {
    const link = `${location.origin}${location.pathname}${location.hash}`;
    try {
      await navigator.clipboard.writeText(link);
      this.#say("The link is copied. Send it to somebody.");
    } catch {
      this.#say(`The browser does not allow copying. The link is: ${link}`);
    }
  }

  #playAll() {
    element("sound").hidden = true;
    for (const tile of this.#gallery.tiles()) {
      tile.playAloud();
    }
  }
}

function setTool(button, off, icon, label) {
  button.classList.toggle("off", off);
  button.querySelector("use").setAttribute("href", off ? `#icon-${icon}-off` : `#icon-${icon}`);
  button.querySelector("span").textContent = label;
}
