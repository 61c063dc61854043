// What a person says or sends: the text, to whom, and files from a button or dropped on the page.

import { MAX_LINE_CHARS } from "./messages.js";
import { makePreview } from "./preview.js";

const element = (id) => document.getElementById(id);
const EVERYBODY = "";
const MAX_FILES = 50; // at once
const COUNT_FROM = MAX_LINE_CHARS - 500;

export class Composer {
  #hub;
  #chat;
  #files;
  #view;
  #dragDepth = 0;

  constructor(hub, chat, files, view) {
    this.#hub = hub;
    this.#chat = chat;
    this.#files = files;
    this.#view = view;
    const text = element("chat-text");
    element("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit();
      }
    });
    text.addEventListener("input", () => this.#fit());
    text.addEventListener("paste", (event) => {
      const pasted = Array.from(event.clipboardData?.files ?? []);
      if (pasted.length > 0) {
        event.preventDefault();
        this.#send(pasted);
      }
    });
    element("chat-attach").addEventListener("click", () => element("chat-files").click());
    element("chat-files").addEventListener("change", ({ target }) => {
      this.#send(Array.from(target.files));
      target.value = ""; // the same file may be chosen again
    });
    element("chat-to").addEventListener("change", () => this.#say(""));
    hub.addEventListener("people", () => this.#listPeople());
    this.#watchDrops();
    this.#listPeople();
  }

  #submit() {
    const text = element("chat-text");
    const to = this.#recipient();
    if (to === undefined || text.value.trim() === "") {
      return;
    }
    if (this.#chat.say(text.value, to) === null) {
      return; // the count says that it is too long
    }
    text.value = "";
    this.#say("");
    this.#fit();
  }

  /** A user id, null for everybody, undefined (and a sentence) when the chosen one is not here. */
  #recipient() {
    const to = element("chat-to").value;
    if (to === EVERYBODY) {
      return null;
    }
    if (!this.#hub.links.get(to)?.understands("chat")) {
      this.#say(`${this.#hub.nameOf(to)} is not here at the moment. Choose somebody else.`);
      return undefined;
    }
    return to;
  }

  async #send(files) {
    const to = this.#recipient();
    if (files.length === 0 || to === undefined) {
      return;
    }
    if (files.length > MAX_FILES) {
      this.#say(`These are ${files.length} files. Send at most ${MAX_FILES} at once, or pack them into one.`);
      return;
    }
    if (this.#receivers(to).length === 0) {
      this.#say("Nobody is here who can take files.");
      return;
    }
    this.#say("");
    for (const file of files) {
      const preview = await makePreview(file);
      this.#files.offer(file, this.#receivers(to), preview);
    }
  }

  #receivers(to) {
    return this.#hub.linksWith("files").filter(({ userId }) => to === null || userId === to);
  }

  #say(words) {
    const line = element("chat-problem");
    line.textContent = words;
    line.hidden = words === "";
    if (words !== "" && !this.#view.isOpen) {
      this.#view.open();
    }
  }

  /** Grow with the text, and count when it becomes long. */
  #fit() {
    const text = element("chat-text");
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`; // the border
    const count = Array.from(text.value).length;
    const line = element("chat-count");
    line.hidden = count < COUNT_FROM;
    line.textContent = `${count} of ${MAX_LINE_CHARS} characters`;
    line.classList.toggle("over", count > MAX_LINE_CHARS);
  }

  #listPeople() {
    const select = element("chat-to");
    const chosen = select.value;
    const people = this.#hub.linksWith("chat").map(({ userId }) => [userId, this.#hub.nameOf(userId)]);
    people.sort(([, a], [, b]) => a.localeCompare(b));
    const options = [new Option("Everybody", EVERYBODY), ...people.map(([userId, name]) => new Option(name, userId))];
    if (chosen !== EVERYBODY && !people.some(([userId]) => userId === chosen)) {
      // What was meant for one person must not go to all because that person left.
      options.push(new Option(`${this.#hub.nameOf(chosen)} (not here)`, chosen));
    }
    select.replaceChildren(...options);
    select.value = chosen;
  }

  /** Files may be dropped anywhere on the call. */
  #watchDrops() {
    const target = element("call");
    const hasFiles = (event) => Array.from(event.dataTransfer?.types ?? []).includes("Files");
    const show = (shown) => {
      const to = element("chat-to").value;
      const whom = to === EVERYBODY ? "everybody" : this.#hub.nameOf(to);
      element("drop-words").textContent = `Drop to send to ${whom}`;
      element("drop").hidden = !shown;
    };
    target.addEventListener("dragenter", (event) => {
      if (hasFiles(event)) {
        event.preventDefault();
        this.#dragDepth += 1;
        show(true);
      }
    });
    target.addEventListener("dragover", (event) => {
      if (hasFiles(event)) {
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }
    });
    target.addEventListener("dragleave", (event) => {
      if (hasFiles(event)) {
        this.#dragDepth = Math.max(0, this.#dragDepth - 1);
        show(this.#dragDepth > 0);
      }
    });
    target.addEventListener("drop", (event) => {
      if (!hasFiles(event)) {
        return;
      }
      event.preventDefault();
      this.#dragDepth = 0;
      show(false);
      const items = Array.from(event.dataTransfer.items).filter(({ kind }) => kind === "file");
      if (items.some((item) => item.webkitGetAsEntry?.()?.isDirectory)) {
        this.#say("Folders cannot be sent. Pack the folder into one file first.");
        return;
      }
      this.#view.open();
      this.#send(Array.from(event.dataTransfer.files));
    });
  }
}
