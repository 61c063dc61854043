// One epoch of an SFU: what is sent there, and what is got from there.

import { MAX_FEEDS, MAX_LARGE_FEEDS } from "./messages.js";
import { Publisher } from "./publisher.js";
import { Subscriber } from "./subscriber.js";

const WANT_MS = 150;

let sessions = 0;

/** Events: "change" (a connection's state, or what belongs to whom). */
export class SfuSession extends EventTarget {
  #userIds = () => [];
  #view = null;
  #timer = null;

  epoch;
  /** The name of this way among the Paths of a participant. */
  path;
  publisher;
  subscriber;

  /** `userIds` are all others, in the order of joining; the other options are for the two connections. */
  constructor({ userIds, view, ...options }) {
    super();
    this.epoch = options.epoch;
    sessions += 1;
    this.path = `sfu ${this.epoch} ${sessions}`;
    this.#userIds = userIds;
    this.#view = view;
    this.publisher = new Publisher(options);
    this.subscriber = new Subscriber({ ...options, path: this.path });
    for (const link of this.#links) {
      link.addEventListener("state", () => this.dispatchEvent(new Event("change")));
    }
    this.subscriber.addEventListener("streams", () => this.dispatchEvent(new Event("change")));
    this.#want();
  }

  /** { large, small }: user ids of who is on the screen; null until somebody has said. */
  show(view) {
    this.#view = view;
    this.wantSoon();
  }

  /** Who is there, or on the screen, is different; several such changes are told at once. */
  wantSoon() {
    this.#timer ??= setTimeout(() => this.#want(), WANT_MS);
  }

  /** Whether somebody's picture is on the screen. */
  wantsPicture(userId) {
    const feeds = wantedFeeds(this.#userIds(), this.#view);
    return feeds.some((feed) => feed.userId === userId && feed.kind !== "audio");
  }

  /** What we said may not have been heard. */
  askAgain() {
    this.subscriber.askAgain();
    for (const link of this.#links) {
      if (link.state !== "connected") {
        link.again();
      }
    }
  }

  /** Another network perhaps: what is dead begins anew. */
  test() {
    for (const link of this.#links) {
      link.test();
    }
  }

  /** Both connections anew; what is there goes on until then. */
  again() {
    for (const link of this.#links) {
      link.again();
    }
  }

  /** Another server begins with us at `epoch`. */
  moveTo(epoch) {
    this.epoch = epoch;
    for (const link of this.#links) {
      link.epoch = epoch;
    }
    this.again();
  }

  get #links() {
    return [this.publisher, this.subscriber];
  }

  close() {
    clearTimeout(this.#timer);
    this.publisher.close();
    this.subscriber.close();
  }

  #want() {
    this.#timer = null;
    this.subscriber.want(wantedFeeds(this.#userIds(), this.#view));
  }
}

/** Everybody's sound, and one picture of whoever is on the screen. */
export function wantedFeeds(userIds, view) {
  const { large, small } = view ?? {
    large: userIds.slice(0, MAX_LARGE_FEEDS),
    small: userIds.slice(MAX_LARGE_FEEDS),
  };
  const there = new Set(userIds);
  const pictures = new Map();
  for (const userId of large.slice(0, MAX_LARGE_FEEDS)) {
    pictures.set(userId, "camera");
  }
  for (const userId of [...large.slice(MAX_LARGE_FEEDS), ...small]) {
    if (!pictures.has(userId)) {
      pictures.set(userId, "thumbnail");
    }
  }
  const seen = Array.from(pictures).filter(([userId]) => there.has(userId));
  const feeds = [
    ...userIds.map((userId) => ({ userId, kind: "audio" })),
    ...seen.map(([userId, kind]) => ({ userId, kind })),
  ];
  return feeds.slice(0, MAX_FEEDS);
}
