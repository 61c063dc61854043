// The line that says that the server is away, and that it is back.

import { playBack, playLost } from "./tones.js";
import { AWAY, AWAY_ALONE, BACK } from "./words.js";

const SAY_AFTER_MS = 700; // a loss that is mended at once is no news
const BACK_MS = 4_000;

export class ServerLine {
  #element;
  #timer = null;

  constructor(element) {
    this.#element = element;
  }

  /** The server is away; `withOthers` when there is sound and picture that goes on. */
  away(withOthers) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#say(withOthers ? AWAY : AWAY_ALONE);
      this.#element.classList.remove("well");
      playLost();
    }, SAY_AFTER_MS);
  }

  back() {
    clearTimeout(this.#timer);
    if (!this.#element.hidden) {
      this.#say(BACK);
      this.#element.classList.add("well");
      playBack();
      this.#timer = setTimeout(() => this.close(), BACK_MS);
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#element.hidden = true;
    this.#element.textContent = "";
  }

  #say(words) {
    this.#element.textContent = words;
    this.#element.hidden = false;
  }
}
