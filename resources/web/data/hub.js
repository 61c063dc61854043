// Shares out what participants send over the data channels. It outlives a call: the page may join its room again.

import { EarlyChannels, OWN_CHUNK_BYTES } from "./channels.js";
import { Link } from "./link.js";

/**
 * A service has a `capability`, `labels` (its channels; those of control are shared out by type) and handlers, each of
 * which may be missing: linkReady(link, hello), linkLost(link), linkGone(link), received(link, message),
 * receivedBulk(link, data), hello() (what it adds to ours). They hear only of participants who have the capability.
 */
export class DataHub extends EventTarget {
  #services = [];
  #names = new Map();
  #peers = new Map();

  links = new Map();
  userId = "";
  name = "";
  /** Every id that this page has had: what it wrote before it joined again is its own. */
  ownIds = new Set();
  /** Whether this page was loaded again, and has said things before that it does not know any more. */
  wasHere = false;

  /** The id of the last call is somebody else's. */
  disown(userId) {
    this.ownIds.delete(userId);
    this.wasHere = false;
  }

  addService(service) {
    this.#services.push(service);
  }

  /** Take part in a call; `call` has "joined" and "left" events and has not joined yet. */
  enter(call, name) {
    this.userId = call.userId;
    this.ownIds.add(call.userId);
    this.name = name;
    call.addEventListener("joined", ({ detail }) => this.#add(detail));
    call.addEventListener("left", ({ detail }) => this.#remove(detail));
    call.addEventListener("updated", ({ detail }) => this.#rename(detail));
  }

  /** The call is over. */
  leave() {
    for (const userId of Array.from(this.links.keys())) {
      this.#remove(userId);
    }
  }

  /** What somebody is called, also after they have left. */
  nameOf(userId) {
    return this.ownIds.has(userId) ? this.name : (this.#names.get(userId) ?? "Somebody");
  }

  /** The links of everybody who has `capability` at the moment. */
  linksWith(capability) {
    return Array.from(this.links.values()).filter((link) => link.understands(capability));
  }

  /** Ids of those who are connected and do not have it, or never said so. */
  without(capability) {
    const others = Array.from(this.links.values()).filter((link) => !link.understands(capability));
    return others.filter(({ userId }) => this.#peers.get(userId).lives).map(({ userId }) => userId);
  }

  ready(link, hello) {
    this.#noteKept(link, true);
    for (const service of this.#servicesOf(link)) {
      service.linkReady?.(link, hello);
    }
    this.#changed();
  }

  lost(link) {
    this.#noteKept(link, false);
    for (const service of this.#services) {
      service.linkLost?.(link);
    }
    this.#changed();
  }

  received(link, label, message) {
    const service = this.#servicesOf(link).find(({ labels }) => labels.includes(label));
    if (service === undefined || service.received(link, message) === false) {
      link.dropped.received += 1;
    }
  }

  receivedBulk(link, data) {
    const service = this.#servicesOf(link).find((one) => one.receivedBulk !== undefined);
    if (service === undefined || service.receivedBulk(link, data) === false) {
      link.dropped.received += 1;
    }
  }

  /** Whoever has data channels confirms what we say on them when it is quiet. */
  #noteKept({ userId }, kept) {
    const peer = this.#peers.get(userId);
    if (peer !== undefined) {
      peer.keptAlive = kept;
    }
  }

  #servicesOf(link) {
    return this.#services.filter(({ capability }) => link.understands(capability));
  }

  #add({ userId, name, peer }) {
    this.#names.set(userId, name);
    const link = new Link(userId, this);
    this.#peers.set(userId, peer);
    this.links.set(userId, link);
    peer.addEventListener("state", () => this.#changed());
    const early = new WeakMap(); // by connection
    peer.addEventListener("opening", ({ detail }) => early.set(detail, new EarlyChannels(detail)));
    peer.addEventListener("connection", () => {
      const { connection } = peer;
      link.attach(
        early.get(connection).channels,
        () => this.#hello(),
        () => connection.sctp?.maxMessageSize ?? Infinity,
        early.get(connection).release(),
      );
    });
    peer.addEventListener("quiet", () => link.keepAlive());
    this.#changed();
  }

  #remove(userId) {
    const link = this.links.get(userId);
    if (link !== undefined) {
      this.links.delete(userId);
      this.#peers.delete(userId);
      link.detach();
      for (const service of this.#services) {
        service.linkGone?.(link);
      }
      this.#changed();
    }
  }

  #rename({ userId, name }) {
    if (this.#names.get(userId) !== name) {
      this.#names.set(userId, name);
      this.#changed();
    }
  }

  #hello() {
    const capabilities = this.#services.map(({ capability }) => capability);
    const parts = this.#services.map((service) => service.hello?.() ?? {});
    return Object.assign({ capabilities, chunkBytes: OWN_CHUNK_BYTES }, ...parts);
  }

  /** Event "people": who is there, or what they can do, is different. */
  #changed() {
    this.dispatchEvent(new Event("people"));
  }
}
