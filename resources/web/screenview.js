// Tiles of the others' screens, the button for our own, and the line that says that it is shown.

import { OwnScreen, screenKey } from "./screen.js";
import { Tile } from "./tiles.js";

const element = (id) => document.getElementById(id);

export class ScreenView {
  #gallery;
  #say;
  #call = null;

  /** `say` tells the person something. */
  constructor(gallery, say) {
    this.#gallery = gallery;
    this.#say = say;
    element("screen").hidden = !OwnScreen.isPossible;
    element("screen").addEventListener("click", () => this.#toggle());
    element("screen-stop").addEventListener("click", () => this.#call?.screen.stop());
  }

  open(call) {
    this.#call = call;
    call.screen.addEventListener("change", () => this.#showOwn());
    this.#showOwn();
  }

  close() {
    this.#call = null;
    this.#showOwn();
  }

  /** Somebody shows their screen, or no longer; where it has a way of its own it has a tile of its own. */
  update(participant) {
    const { userId, name, screen, paths } = participant;
    const key = screenKey(userId);
    const apart = screen && this.#call?.topology.mode === "sfu";
    if (!apart) {
      this.#gallery.remove(key);
    } else if (this.#gallery.get(key) === undefined) {
      this.#gallery.add(key, new Tile(element("tile-template"), { userId: key, name }));
    }
    const tile = this.#gallery.get(key);
    tile?.update({ name, label: screenWords(name), audioMuted: false, videoMuted: false, screen: true });
    tile?.setPicture(paths.current.screen);
    this.#gallery.setScreen(key, apart);
    this.#gallery.setScreen(userId, screen && !apart);
  }

  left(userId) {
    this.#gallery.remove(screenKey(userId));
  }

  async #toggle() {
    const screen = this.#call?.screen;
    if (screen === undefined || screen.track !== null) {
      screen?.stop();
      return;
    }
    try {
      await screen.start();
    } catch (error) {
      if (error.name !== "NotAllowedError" && error.name !== "AbortError") {
        this.#say("The browser cannot show a screen now.");
      }
    }
    if (screen !== this.#call?.screen) {
      screen.stop(); // the call is over
    }
  }

  #showOwn() {
    const shown = (this.#call?.screen.track ?? null) !== null;
    element("screen-line").hidden = !shown;
    const button = element("screen");
    button.setAttribute("aria-pressed", String(shown));
    button.querySelector("span").textContent = shown ? "Stop screen" : "Screen";
  }
}

/** What stands on the tile of a screen. */
export function screenWords(name) {
  return `${name} shows their screen`;
}
