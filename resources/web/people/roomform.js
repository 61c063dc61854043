// The doors of the room: switches for the host, words for everybody else.

import { doorWords } from "../words.js";

const element = (id) => document.getElementById(id);

export class RoomForm {
  #call = null;

  constructor() {
    for (const door of ["lobby", "locked"]) {
      element(`room-${door}`).addEventListener("change", ({ target }) => {
        this.#call?.room.change({ [door]: target.checked });
      });
    }
    element("people-room").addEventListener("submit", (event) => {
      event.preventDefault();
      const password = element("room-password").value;
      if (password !== "") {
        this.#setPassword(password);
      } else {
        element("room-password").focus();
      }
    });
    element("room-password-clear").addEventListener("click", () => this.#setPassword(""));
  }

  enter(call) {
    this.#call = call;
    call.room.addEventListener("change", () => this.#show(call));
    this.#show(call);
  }

  #setPassword(password) {
    element("room-password").value = "";
    this.#call?.setPassword(password);
  }

  /** The switches show what the server says, so that one that it refuses goes back. */
  #show(call) {
    if (call !== this.#call) {
      return;
    }
    const { room } = call;
    element("people-room").hidden = !room.isHost;
    element("room-lobby").checked = room.lobby;
    element("room-locked").checked = room.locked;
    element("room-password-words").textContent = room.hasPassword ? "Password (set)" : "Password";
    element("room-password").placeholder = room.hasPassword ? "Another one" : "None";
    element("room-password-clear").hidden = !room.hasPassword;
    const words = room.isHost ? "" : doorWords(room);
    element("people-doors").textContent = words;
    element("people-doors").hidden = words === "";
  }
}
