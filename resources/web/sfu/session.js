// One epoch of an SFU: what is sent there, and what is got from there.

import { MAX_FEEDS, MAX_LARGE_FEEDS } from "./messages.js";
import { Publisher } from "./publisher.js";
import { Subscriber } from "./subscriber.js";

const WANT_MS = 150;

let sessions = 0;

/** Events: "change" (a connection's state, or what belongs to whom). */
export class SfuSession extends EventTarget {
  #userIds = () => [];
  #sharers = () => [];
  #view = null;
  #timer = null;

  epoch;
  /** The name of this way among the Paths of a participant. */
  path;
  publisher;
  subscriber;

  /** `userIds` are all others, in the order of joining, `sharers` who shows a screen; the other options are for the two connections. */
  constructor({ userIds, sharers, view, ...options }) {
    super();
    this.epoch = options.epoch;
    sessions += 1;
    this.path = `sfu ${this.epoch} ${sessions}`;
    this.#userIds = userIds;
    this.#sharers = sharers;
    this.#view = view;
    this.publisher = new Publisher(options);
    this.subscriber = new Subscriber({ ...options, path: this.path });
    for (const link of this.#links) {
      link.addEventListener("state", () => this.dispatchEvent(new Event("change")));
    }
    this.subscriber.addEventListener("streams", () => this.dispatchEvent(new Event("change")));
    this.#want();
  }

  /** { large, small, screens }: user ids of who is on the screen; null until somebody has said. */
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
    return this.#feeds().some((feed) => feed.userId === userId && ["camera", "thumbnail"].includes(feed.kind));
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
    this.subscriber.want(this.#feeds());
  }

  #feeds() {
    return wantedFeeds(this.#userIds(), this.#view, this.#sharers());
  }
}

/** Everybody's sound, one picture of whoever is seen, and the screens that are, which go before large pictures. */
export function wantedFeeds(userIds, view, sharers = []) {
  const { large, small } = view ?? {
    large: userIds.slice(0, MAX_LARGE_FEEDS),
    small: userIds.slice(MAX_LARGE_FEEDS),
  };
  const there = new Set(userIds);
  const wanted = (view?.screens ?? sharers).filter((userId) => sharers.includes(userId));
  const screens = wanted.filter((userId) => there.has(userId)).slice(0, MAX_LARGE_FEEDS);
  const most = MAX_LARGE_FEEDS - screens.length;
  const pictures = new Map();
  for (const userId of large.slice(0, most)) {
    pictures.set(userId, "camera");
  }
  for (const userId of [...large.slice(most), ...small]) {
    if (!pictures.has(userId)) {
      pictures.set(userId, "thumbnail");
    }
  }
  const seen = Array.from(pictures).filter(([userId]) => there.has(userId));
  const feeds = [
    ...userIds.map((userId) => ({ userId, kind: "audio" })),
    ...screens.map((userId) => ({ userId, kind: "screen" })),
    ...seen.map(([userId, kind]) => ({ userId, kind })),
  ];
  return feeds.slice(0, MAX_FEEDS);
}
