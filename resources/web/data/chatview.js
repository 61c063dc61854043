// The panel with the chat: lines, unread count, and who can read it.

import { deliveryWords } from "./datawords.js";
import { linkify } from "./linkify.js";

const element = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const MAX_UNREAD = 99;
const SILENT_MS = 5_000;

/** Events: "open", "close". */
export class ChatView extends EventTarget {
  #hub;
  #chat;
  #timeline;
  #items = new Map();
  #unread = 0;
  #silenceTimer = null;

  constructor(hub, chat, timeline) {
    super();
    this.#hub = hub;
    this.#chat = chat;
    this.#timeline = timeline;
    element("chat-toggle").addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    element("chat-close").addEventListener("click", () => this.close());
    element("chat").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) {
        this.close();
      }
    });
    chat.addEventListener("line", ({ detail }) => this.#show(detail));
    chat.addEventListener("removed", ({ detail }) => {
      this.#items.get(detail)?.remove();
      this.#items.delete(detail);
    });
    hub.addEventListener("people", () => this.#noteSilent());
  }

  get isOpen() {
    return !element("chat").hidden;
  }

  open() {
    element("chat").hidden = false;
    element("chat-toggle").setAttribute("aria-expanded", "true");
    this.#count(0);
    this.#timeline.scrollToEnd();
    element("chat-text").focus();
    this.dispatchEvent(new Event("open"));
  }

  close() {
    const hadFocus = element("chat").contains(document.activeElement);
    element("chat").hidden = true;
    element("chat-toggle").setAttribute("aria-expanded", "false");
    if (hadFocus) {
      element("chat-toggle").focus();
    }
    this.dispatchEvent(new Event("close"));
  }

  /** Something new is in the panel; `words` are for whoever does not see it. */
  noteNew(words) {
    element("chat-empty").hidden = true;
    if (!this.isOpen) {
      this.#count(this.#unread + 1);
      element("announcer").textContent = words;
    }
  }

  #show(line) {
    let item = this.#items.get(line.tag);
    if (item === undefined) {
      item = this.#make(line);
      this.#items.set(line.tag, item);
      this.#timeline.insert(item, line.sentMs, line.tag, line.own);
      element("chat-empty").hidden = true;
      if (!line.own) {
        this.noteNew(`${this.#nameOf(line)}: ${line.text.slice(0, 200)}`);
      }
    }
    if (line.own) {
      this.#timeline.keepEnd(() => (item.querySelector(".line-state").textContent = deliveryWords(line)));
    }
  }

  #make(line) {
    const item = element("line-template").content.firstElementChild.cloneNode(true);
    item.classList.toggle("own", line.own);
    item.classList.toggle("private", line.to !== null);
    item.querySelector(".line-name").textContent = line.own ? "You" : this.#nameOf(line);
    const to = item.querySelector(".line-to");
    to.hidden = line.to === null;
    if (line.to !== null) {
      to.textContent = line.own ? `to ${this.#hub.nameOf(line.to)} only` : "to you only";
    }
    const time = item.querySelector("time");
    const at = new Date(line.sentMs);
    time.dateTime = at.toISOString();
    time.textContent = clock.format(at);
    item.querySelector(".line-text").append(...nodesOf(line.text));
    const copy = item.querySelector(".line-copy");
    copy.hidden = !navigator.clipboard;
    copy.addEventListener("click", () => this.#copy(line.text));
    item.querySelector(".line-state").hidden = !line.own || line.restored === true;
    return item;
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      element("announcer").textContent = "Copied";
    } catch {
      element("announcer").textContent = "The browser does not allow copying.";
    }
  }

  /** What they are called now; what the line says of somebody who was never here in our time. */
  #nameOf({ author, authorName }) {
    return this.#hub.links.has(author) ? this.#hub.nameOf(author) : authorName.trim() || this.#hub.nameOf(author);
  }

  #count(unread) {
    this.#unread = unread;
    const badge = element("chat-unread");
    badge.hidden = unread === 0;
    badge.textContent = unread > MAX_UNREAD ? `${MAX_UNREAD}+` : String(unread);
    element("chat-toggle").setAttribute("aria-label", unread === 0 ? "Chat" : `Chat, ${unread} new`);
  }

  /** Say whose program has no chat; a while after they came, since a connection needs its time. */
  #noteSilent() {
    const say = () => {
      this.#chat.giveUp(this.#hub.without("chat"));
      const names = this.#hub.without("chat").map((userId) => this.#hub.nameOf(userId));
      const note = element("chat-note");
      note.hidden = names.length === 0;
      note.textContent = names.length === 0 ? "" : `Without chat and files: ${names.join(", ")}`;
    };
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(say, SILENT_MS);
  }
}

function nodesOf(text) {
  return linkify(text).map((part) => {
    if (part.href === undefined) {
      return document.createTextNode(part.text);
    }
    const link = document.createElement("a");
    link.textContent = part.text;
    link.href = part.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  });
}
