// Reactions, shown for a moment, and the raised hand.

import { isEmoji } from "./texts.js";

const MIN_GAP_MS = 250; // between reactions of one participant; more of them are a flicker

/** Events: "reaction" (detail: { userId, emoji }), "hand" (detail: { userId, raised }), of others or one's own. */
export class SignService extends EventTarget {
  capability = "reactions";
  labels = ["control"];
  raised = false;
  #hub;
  #hands = new Set();
  #shownMs = new Map();

  constructor(hub) {
    super();
    this.#hub = hub;
  }

  hello() {
    return { handRaised: this.raised };
  }

  /** Whether somebody's hand is up. */
  isRaised(userId) {
    return this.#hands.has(userId);
  }

  react(emoji) {
    if (this.#show(this.#hub.userId, emoji)) {
      this.#toAll({ type: "reaction", emoji });
    }
  }

  raise(raised) {
    if (this.raised !== raised) {
      this.raised = raised;
      this.#toAll({ type: "hand", raised });
      this.#tell("hand", { userId: this.#hub.userId, raised });
    }
  }

  linkReady(link, hello) {
    this.#note(link.userId, hello.handRaised);
  }

  linkGone(link) {
    this.#shownMs.delete(link.userId);
    this.#note(link.userId, false);
  }

  received(link, message) {
    switch (message.type) {
      case "hand":
        this.#note(link.userId, message.raised);
        return true;
      case "reaction":
        return isEmoji(message.emoji) && this.#show(link.userId, message.emoji);
    }
    return false;
  }

  #show(userId, emoji) {
    const nowMs = performance.now();
    if (nowMs - (this.#shownMs.get(userId) ?? -Infinity) < MIN_GAP_MS) {
      return false;
    }
    this.#shownMs.set(userId, nowMs);
    this.#tell("reaction", { userId, emoji });
    return true;
  }

  #note(userId, raised) {
    if (this.#hands.has(userId) !== raised) {
      this.#hands[raised ? "add" : "delete"](userId);
      this.#tell("hand", { userId, raised });
    }
  }

  #toAll(message) {
    for (const link of this.#hub.linksWith("reactions")) {
      link.send("control", message);
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
