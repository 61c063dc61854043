// The panel of people: who is there, who waits to be let in, safety codes, and what the host may do.

import { hueOf, initials } from "../tiles.js";
import { qualityWords, vouchWords } from "../words.js";
import { KnockNote } from "./knocknote.js";
import { RoomForm } from "./roomform.js";

const element = (id) => document.getElementById(id);
const MAX_COUNT = 99;

/** Events: "open", "close", "said" (detail: words about something that was done). */
export class PeopleView extends EventTarget {
  #call = null;
  #name = "";
  #rows = new Map(); // user id to element
  #knocks = new Map();
  #form = new RoomForm();
  #note = new KnockNote();

  constructor() {
    super();
    this.#note.addEventListener("show", () => this.open());
    element("people-toggle").addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    element("people-close").addEventListener("click", () => this.close());
    element("people").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) {
        this.close();
      }
    });
  }

  get isOpen() {
    return !element("people").hidden;
  }

  open() {
    element("people").hidden = false;
    element("people-toggle").setAttribute("aria-expanded", "true");
    element("people-close").focus();
    if (this.#call !== null) {
      this.#show(this.#call);
    }
    this.dispatchEvent(new Event("open"));
  }

  close() {
    const hadFocus = element("people").contains(document.activeElement);
    element("people").hidden = true;
    element("people-toggle").setAttribute("aria-expanded", "false");
    if (hadFocus) {
      element("people-toggle").focus();
    }
    if (this.#call !== null) {
      this.#note.show(this.#call.room, false);
    }
    this.dispatchEvent(new Event("close"));
  }

  /** Show `call`, which is about to join; `name` is this person's. */
  enter(call, name) {
    this.leave();
    this.#call = call;
    this.#name = name;
    this.#form.enter(call);
    for (const [source, types] of [
      [call, ["joined", "left", "updated"]],
      [call.room, ["change"]],
      [call.safety, ["code"]],
      [call.topology, ["topology", "change"]],
    ]) {
      for (const type of types) {
        source.addEventListener(type, () => this.#show(call));
      }
    }
    call.quality.addEventListener("quality", ({ detail }) => showBars(this.#rows.get(detail.userId), detail.word));
    this.#show(call);
  }

  leave() {
    this.#call = null;
    this.close();
    for (const row of [...this.#rows.values(), ...this.#knocks.values()]) {
      row.remove();
    }
    this.#rows.clear();
    this.#knocks.clear();
    this.#note.close();
    this.#countWaiting(0);
  }

  #show(call) {
    if (call !== this.#call) {
      return;
    }
    this.#showKnocks(call.room);
    const people = [
      { userId: call.userId, name: this.#name, shownName: `${this.#name} (you)` },
      ...call.participants.values(),
    ];
    const ids = new Set(people.map(({ userId }) => userId));
    for (const [userId, row] of Array.from(this.#rows)) {
      if (!ids.has(userId)) {
        this.#rows.delete(userId);
        row.remove();
      }
    }
    for (const person of people) {
      this.#showPerson(call, person);
    }
    element("people-title").textContent = `People (${people.length})`;
    element("people-vouch").textContent = call.participants.size === 0 ? "" : vouchWords(call.topology.mode);
  }

  #showPerson(call, { userId, name, shownName = name, audioMuted = false, videoMuted = false }) {
    const { room } = call;
    if (!this.#rows.has(userId)) {
      const made = this.#makeRow(call, userId);
      this.#rows.set(userId, made);
      element("people-list").append(made);
    }
    const row = this.#rows.get(userId);
    row.querySelector(".person-avatar").textContent = initials(name);
    row.querySelector(".person-name").textContent = shownName;
    row.classList.toggle("muted", audioMuted);
    row.classList.toggle("camera-off", videoMuted);
    row.querySelector(".person-mark").hidden = room.host !== userId;
    const more = row.querySelector(".person-more");
    more.hidden = !room.isHost || userId === call.userId;
    more.setAttribute("aria-label", `More about ${name}`);
    if (more.hidden) {
      openTools(row, false);
    }
    if (userId !== call.userId) {
      if (this.isOpen) {
        call.safety.want(userId);
      }
      showCode(row, call.safety.get(userId));
      showBars(row, call.quality.wordOf(userId));
    }
  }

  #makeRow(call, userId) {
    const row = element("person-template").content.firstElementChild.cloneNode(true);
    row.dataset.user = userId;
    row.classList.add(`hue-${hueOf(userId)}`);
    const more = row.querySelector(".person-more");
    more.addEventListener("click", () => openTools(row, more.getAttribute("aria-expanded") !== "true"));
    const nameNow = () => call.participants.get(userId)?.name ?? "They";
    const on = (selector, act, words) =>
      row.querySelector(selector).addEventListener("click", () => {
        act();
        this.#said(words(nameNow()));
        openTools(row, false);
      });
    on(".ask-audio", () => call.room.askMute(userId, "audio"), (name) => `${name} is asked to mute.`);
    on(".ask-video", () => call.room.askMute(userId, "video"), (name) => `${name} is asked to stop the camera.`);
    on(".give-host", () => call.room.giveHost(userId), (name) => `The room is handed to ${name}.`);
    on(".remove", () => call.room.remove(userId, false), (name) => `${name} is removed from the room.`);
    this.#onTwice(row.querySelector(".ban"), () => {
      call.room.remove(userId, true);
      this.#said(`${nameNow()} is removed, and may not come back.`);
    });
    return row;
  }

  /** What cannot be taken back asks once more. */
  #onTwice(button, act) {
    const words = button.textContent;
    const reset = () => {
      button.textContent = words;
      button.classList.remove("sure");
    };
    button.addEventListener("click", () => {
      if (button.classList.contains("sure")) {
        reset();
        act();
      } else {
        button.classList.add("sure");
        button.textContent = "Ban for good?";
      }
    });
    button.addEventListener("blur", reset);
  }

  #showKnocks(room) {
    for (const [userId, row] of Array.from(this.#knocks)) {
      if (!room.knocks.has(userId)) {
        this.#knocks.delete(userId);
        row.remove();
      }
    }
    for (const [userId, name] of room.knocks) {
      if (!this.#knocks.has(userId)) {
        const row = element("knock-template").content.firstElementChild.cloneNode(true);
        row.querySelector(".person-name").textContent = name;
        row.querySelector(".knock-admit").addEventListener("click", () => room.letIn(userId));
        row.querySelector(".knock-refuse").addEventListener("click", () => room.refuse(userId));
        this.#knocks.set(userId, row);
        element("people-knocks").append(row);
      }
    }
    element("people-door").hidden = room.knocks.size === 0;
    element("people-door-title").textContent = `Waiting to be let in (${room.knocks.size})`;
    this.#note.show(room, this.isOpen);
    this.#countWaiting(room.knocks.size);
  }

  #countWaiting(count) {
    const badge = element("people-waiting");
    badge.hidden = count === 0;
    badge.textContent = count > MAX_COUNT ? `${MAX_COUNT}+` : String(count);
    const label = count === 0 ? "People" : `People, ${count} waiting to be let in`;
    element("people-toggle").setAttribute("aria-label", label);
  }

  #said(words) {
    this.dispatchEvent(new CustomEvent("said", { detail: words }));
  }
}

function openTools(row, open) {
  row.querySelector(".person-tools").hidden = !open;
  row.querySelector(".person-more").setAttribute("aria-expanded", String(open));
  if (open) {
    row.scrollIntoView({ block: "nearest" });
  }
}

function showCode(row, code) {
  const line = row.querySelector(".person-code");
  line.hidden = code === undefined;
  line.classList.toggle("there", Boolean(code?.words));
  const words = line.querySelector("span");
  if (code?.words) {
    words.textContent = code.words.join(" ");
  } else if (code !== undefined) {
    words.textContent = code.problem === "" ? "Working out the safety code…" : `No safety code: ${code.problem}.`;
  }
  row.querySelector(".person-warning").hidden = code?.changed !== true;
}

/** Bars for a word of quality.js, within `place`. */
export function showBars(place, word) {
  const bars = place?.querySelector(".bars");
  if (bars) {
    bars.hidden = word === "unknown";
    bars.dataset.quality = word;
    bars.setAttribute("aria-label", qualityWords(word));
    bars.setAttribute("title", qualityWords(word));
  }
}
