// A card in the chat for each file.

import { sizeWords, transferWords } from "./datawords.js";
import { save } from "./sinks.js";

const element = (id) => document.getElementById(id);

export class FileView {
  #hub;
  #files;
  #timeline;
  #view;
  #cards = new Map();

  constructor(hub, files, timeline, view) {
    this.#hub = hub;
    this.#files = files;
    this.#timeline = timeline;
    this.#view = view;
    files.addEventListener("transfer", ({ detail }) => this.#add(detail));
    files.addEventListener("removed", ({ detail }) => {
      this.#cards.get(detail)?.remove();
      this.#cards.delete(detail);
    });
  }

  #add(transfer) {
    const card = element("file-template").content.firstElementChild.cloneNode(true);
    this.#cards.set(transfer, card);
    const { direction, name, sizeBytes, transferId } = transfer;
    card.classList.add(direction);
    card.querySelector(".file-name").textContent = name;
    card.querySelector(".file-size").textContent = sizeWords(sizeBytes);
    card.querySelector("progress").setAttribute("aria-label", `Progress of ${name}`);
    this.#addPreview(card, transfer);
    this.#addButtons(card, transfer);
    transfer.addEventListener("change", () => this.#timeline.keepEnd(() => this.#update(card, transfer)));
    this.#update(card, transfer);
    this.#timeline.insert(card, Date.now(), transferId, direction === "out");
    element("chat-empty").hidden = true;
    if (direction === "in") {
      this.#view.noteNew(`${this.#hub.nameOf(transfer.userId)} offers you the file ${name}, ${sizeWords(sizeBytes)}`);
    }
  }

  #addPreview(card, { preview, name }) {
    const picture = card.querySelector(".file-preview");
    picture.hidden = preview === null;
    if (preview !== null) {
      picture.addEventListener("error", () => (picture.hidden = true));
      picture.addEventListener("load", () => this.#timeline.keepEnd(() => {}));
      picture.src = preview;
      picture.alt = `Preview of ${name}`;
    }
  }

  #addButtons(card, transfer) {
    const { name } = transfer;
    const button = (selector, label, act) => {
      card.querySelector(selector).setAttribute("aria-label", `${label} ${name}`);
      card.querySelector(selector).addEventListener("click", act);
    };
    button(".file-accept", "Accept", async ({ currentTarget }) => {
      currentTarget.disabled = true; // the browser may be asking where to put it
      await this.#files.accept(transfer);
      currentTarget.disabled = false;
      this.#update(card, transfer);
    });
    button(".file-decline", "Decline", () => this.#files.decline(transfer));
    button(".file-cancel", "Cancel", () => this.#files.cancel(transfer));
    button(".file-save", "Save again", () => save(transfer.saved.url, name));
  }

  #update(card, transfer) {
    const { direction, state, userId, sizeBytes, doneBytes, isOver } = transfer;
    const who = this.#hub.nameOf(userId);
    const asked = direction === "in" && state === "offered";
    const hadFocus = card.contains(document.activeElement) ? document.activeElement : null;
    card.dataset.state = state;
    card.querySelector(".line-name").textContent = direction === "in" ? who : "You";
    card.querySelector(".file-what").textContent = direction === "in" ? "sends you a file" : `to ${who}`;
    const bar = card.querySelector("progress");
    bar.hidden = isOver || state === "offered";
    bar.value = sizeBytes === 0 ? 1 : doneBytes / sizeBytes;
    const words = transferWords(transfer, who);
    card.querySelector(".file-state").textContent = words;
    card.querySelector(".file-state").hidden = words === "";
    card.querySelector(".file-accept").hidden = !asked;
    card.querySelector(".file-decline").hidden = !asked;
    card.querySelector(".file-cancel").hidden = isOver || asked;
    card.querySelector(".file-save").hidden = !transfer.saved;
    if (hadFocus?.hidden) {
      card.focus(); // its button has gone
    }
  }
}
