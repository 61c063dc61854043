// The call as the person sees it: tiles, state line, buttons.

import { NONE } from "./media.js";
import { Tile, keepArranged } from "./tiles.js";
import { crowdWords, deviceWords, peerWords } from "./words.js";

const NOTICE_MS = 8_000;
const OWN = "self";
const DEVICE_NAMES = { audio: "microphone", video: "camera" };

const element = (id) => document.getElementById(id);

/** Events: "leave". */
export class CallView extends EventTarget {
  #media;
  #room;
  #call = null;
  #name = "";
  #ownTrack = null;
  #tiles = new Map();
  #noticeTimer = null;

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
    element("tiles").addEventListener("sound-blocked", () => (element("sound").hidden = false));
    media.addEventListener("change", ({ detail: kind }) => {
      if (this.#call) {
        this.#showOwn();
        this.#sayProblems([kind]);
      }
    });
    keepArranged(element("tiles"));
  }

  /** Show `call`, which is about to join. */
  open(call, name) {
    this.#call = call;
    this.#name = name;
    element("call-room").textContent = this.#room;
    element("sound").hidden = true;
    this.#say("");
    this.#addTile(OWN, { userId: call.userId, name, own: true });
    this.#showOwn();
    this.#setStatus("Joining…");
    call.addEventListener("joined", ({ detail }) => this.#joined(detail));
    call.addEventListener("left", ({ detail }) => this.#left(detail));
    call.addEventListener("updated", ({ detail }) => this.#tiles.get(detail.userId)?.update(detail));
  }

  /** Say that joining has succeeded. */
  entered() {
    this.#countPeople();
    this.#sayProblems(["video", "audio"]);
  }

  close() {
    this.#call = null;
    this.#ownTrack = null;
    for (const tile of this.#tiles.values()) {
      tile.remove();
    }
    this.#tiles.clear();
    clearTimeout(this.#noticeTimer);
  }

  #joined(participant) {
    const { userId, peer } = participant;
    const tile = this.#addTile(userId, participant);
    const showState = () => {
      tile.setState(peerWords(peer.state), peer.state === "failed");
    };
    peer.addEventListener("state", showState);
    peer.addEventListener("stream", () => tile.setStream(peer.stream));
    showState();
    tile.update(participant);
    this.#countPeople();
  }

  #left(userId) {
    this.#tiles.get(userId)?.remove();
    this.#tiles.delete(userId);
    this.#countPeople();
  }

  #addTile(key, options) {
    const tile = new Tile(element("tile-template"), options);
    this.#tiles.set(key, tile);
    const own = element("tiles").querySelector(".own");
    element("tiles").insertBefore(tile.element, own); // the own picture stays last
    return tile;
  }

  #countPeople() {
    this.#setStatus(crowdWords(this.#tiles.size - 1));
  }

  #setStatus(words) {
    element("status").textContent = words;
  }

  #showOwn() {
    const { audio, video } = this.#media.tracks;
    const silent = audio === null || this.#call.muted;
    const tile = this.#tiles.get(OWN);
    tile.update({ name: this.#name, label: "You", audioMuted: silent, videoMuted: video === null });
    if (video !== this.#ownTrack) {
      this.#ownTrack = video;
      tile.setStream(video ? new MediaStream([video]) : null);
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

  #say(words) {
    clearTimeout(this.#noticeTimer);
    element("notice").textContent = words;
    element("notice").hidden = words === "";
    if (words !== "") {
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
    for (const tile of this.#tiles.values()) {
      tile.playAloud();
    }
  }
}

function setTool(button, off, icon, label) {
  button.classList.toggle("off", off);
  button.querySelector("use").setAttribute("href", off ? `#icon-${icon}-off` : `#icon-${icon}`);
  button.querySelector("span").textContent = label;
}
