// Before the call: name, devices, preview.

import { watchLevel } from "./level.js";
import { NONE } from "./media.js";
import { deviceWords } from "./words.js";

const NAMES = { audio: "microphone", video: "camera" };
const JOIN = "Join";
const RETURN = "Return to the call";
const STORED_NAME = "bridgecall.name";

const element = (id) => document.getElementById(id);

/** The name of last time; some browsers forbid storage altogether. */
export function storedName() {
  try {
    return localStorage.getItem(STORED_NAME) ?? "";
  } catch {
    return "";
  }
}

function storeName(name) {
  try {
    localStorage.setItem(STORED_NAME, name);
  } catch {
    // The name is asked for again the next time.
  }
}

/** Events: "join" (detail: { name, password }), "cancel" (do not wait for the host any more). */
export class Lobby extends EventTarget {
  #media;
  #stopLevel = null;
  #open = false;
  #joinWords;

  /** `returns` when the page was loaded again in the middle of a call. */
  constructor(media, room, returns) {
    super();
    this.#media = media;
    this.#joinWords = returns ? RETURN : JOIN;
    element("lobby-room").textContent = room;
    element("name").value = storedName();
    element("join-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    element("door-cancel").addEventListener("click", () => this.dispatchEvent(new Event("cancel")));
    for (const kind of ["audio", "video"]) {
      const select = element(NAMES[kind]);
      select.addEventListener("change", () => {
        media.choice[kind] = select.value;
        media.open(kind);
      });
    }
    media.addEventListener("change", ({ detail: kind }) => {
      if (this.#open) {
        this.#show(kind);
      }
    });
    navigator.mediaDevices?.addEventListener?.("devicechange", () => {
      if (this.#open) {
        this.#listDevices();
      }
    });
  }

  /** Show the preview, and why the last attempt to join failed, if it did. */
  async open(problem = "") {
    this.#open = true;
    this.setProblem(problem);
    this.setBusy(false);
    this.#show("audio");
    this.#show("video");
    await this.#listDevices();
    await this.#media.openBoth();
    await this.#listDevices(); // with permission they have labels
  }

  close() {
    this.#open = false;
    this.#joinWords = JOIN;
    this.#stopLevel?.();
    this.#stopLevel = null;
    element("preview-video").srcObject = null;
  }

  setProblem(words) {
    element("join-problem").textContent = words;
    element("join-problem").hidden = words === "";
  }

  setBusy(busy) {
    element("join").disabled = busy;
    element("join").textContent = busy ? "Joining…" : this.#joinWords;
    this.setWaiting(false);
  }

  /** Whether the host is being asked to let this person in. */
  setWaiting(waiting) {
    element("door").hidden = !waiting;
    element("join-fields").hidden = waiting;
    if (waiting) {
      element("door-cancel").focus();
    }
  }

  /** Ask for the password of the room. */
  askPassword() {
    element("password-field").hidden = false;
    element("password").focus();
    element("password").select();
  }

  #submit() {
    const name = element("name").value.trim();
    if (name === "") {
      this.setProblem("Type your name first, so that the others know who you are.");
      element("name").focus();
      return;
    }
    storeName(name);
    const password = element("password-field").hidden ? "" : element("password").value;
    this.dispatchEvent(new CustomEvent("join", { detail: { name, password } }));
  }

  #show(kind) {
    const track = this.#media.tracks[kind];
    const problem = this.#media.problems[kind];
    const line = element(`${NAMES[kind]}-problem`);
    line.textContent = problem ? deviceWords(problem, NAMES[kind]) : "";
    line.hidden = problem === null;
    if (kind === "video") {
      const video = element("preview-video");
      video.srcObject = track ? new MediaStream([track]) : null;
      video.hidden = track === null;
      element("preview-words").textContent = track ? "" : this.#cameraWords(problem);
    } else {
      this.#stopLevel?.();
      this.#stopLevel = track ? watchLevel(track, (value) => (element("level").value = value)) : null;
      element("level-box").hidden = track === null;
    }
  }

  #cameraWords(problem) {
    if (this.#media.choice.video === NONE) {
      return "Your camera is off";
    }
    return problem ? "No picture" : "Waiting for the camera…";
  }

  async #listDevices() {
    for (const kind of ["audio", "video"]) {
      const select = element(NAMES[kind]);
      const devices = await this.#media.devices(kind);
      const options = devices.map(({ id, label }, index) => new Option(label || `${NAMES[kind]} ${index + 1}`, id));
      if (!devices.some(({ id }) => id === "default")) {
        options.unshift(new Option(`Default ${NAMES[kind]}`, ""));
      }
      options.push(new Option(`No ${NAMES[kind]}`, NONE));
      select.replaceChildren(...options);
      const { choice } = this.#media;
      const wanted = choice[kind] === "" ? options[0].value : choice[kind];
      if (options.some(({ value }) => value === wanted)) {
        select.value = wanted;
      } else {
        choice[kind] = options[0].value; // the chosen device has gone
        select.value = options[0].value;
      }
    }
  }
}
