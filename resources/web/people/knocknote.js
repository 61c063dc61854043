// What tells the host that somebody waits before the door, while the panel of people is closed.

import { knockWords } from "../words.js";

const element = (id) => document.getElementById(id);

/** Event: "show" (the person wants to see them all). */
export class KnockNote extends EventTarget {
  #room = null;
  #seen = new Set(); // user ids of those whom the person has put aside

  constructor() {
    super();
    element("knock-show").addEventListener("click", () => this.dispatchEvent(new Event("show")));
    element("knock-admit").addEventListener("click", () => {
      for (const userId of this.#room?.knocks.keys() ?? []) {
        this.#room.letIn(userId);
      }
    });
    element("knock-close").addEventListener("click", () => {
      this.#seen = new Set(this.#room?.knocks.keys());
      this.#setHidden(true);
    });
  }

  /** Say who waits before `room`; `quiet` while it stands elsewhere. */
  show(room, quiet) {
    this.#room = room;
    const names = Array.from(room.knocks.values());
    const isNews = Array.from(room.knocks.keys()).some((userId) => !this.#seen.has(userId));
    this.#setHidden(quiet || !isNews);
    element("knock-words").textContent = knockWords(names);
    element("knock-admit").textContent = names.length > 1 ? "Admit all" : "Admit";
  }

  close() {
    this.#room = null;
    this.#seen.clear();
    this.#setHidden(true);
  }

  /** Whoever used its buttons goes on beside it. */
  #setHidden(hidden) {
    const hadFocus = hidden && element("knock-note").contains(document.activeElement);
    element("knock-note").hidden = hidden;
    if (hadFocus) {
      element("people-toggle").focus();
    }
  }
}
