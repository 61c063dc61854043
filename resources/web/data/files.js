// Files to and from participants: shares the messages out to the two directions.

import { FileReceiver } from "./files_receive.js";
import { FileSender } from "./files_send.js";

/** Events: "transfer" (detail: a Transfer that is new), "removed" (detail: one that is forgotten). */
export class FileService extends EventTarget {
  capability = "files";
  labels = ["files"];
  #receiver;
  #sender;

  constructor(hub) {
    super();
    const show = (transfer) => this.dispatchEvent(new CustomEvent("transfer", { detail: transfer }));
    const forget = (transfer) => this.dispatchEvent(new CustomEvent("removed", { detail: transfer }));
    this.#sender = new FileSender(hub, show, forget);
    this.#receiver = new FileReceiver(hub, show, forget);
  }

  /** Offer a File to the participants of `links`; `preview` is base64 or null. */
  offer(file, links, preview) {
    for (const link of links) {
      this.#sender.offer(file, link, preview);
    }
  }

  /** Take an offered file; to be called in the handler of a click, since a browser may ask where to put it. */
  accept(transfer) {
    return this.#receiver.accept(transfer);
  }

  decline(transfer) {
    this.#receiver.decline(transfer);
  }

  cancel(transfer) {
    (transfer.direction === "out" ? this.#sender : this.#receiver).cancel(transfer);
  }

  /** Whether closing the page would lose something. */
  get isBusy() {
    return this.#sender.isBusy || this.#receiver.isBusy;
  }

  linkReady(link) {
    this.#sender.linkReady(link);
    this.#receiver.linkReady(link);
  }

  linkLost(link) {
    this.#sender.linkLost(link);
    this.#receiver.linkLost(link);
  }

  received(link, message) {
    switch (message.type) {
      case "file-offer":
        return this.#receiver.offered(link, message);
      case "file-cancel":
        return this.#receiver.cancelled(link, message) || this.#sender.cancelled(link, message);
      case "file-progress":
        return this.#receiver.confirmed(link, message) || this.#sender.received(link, message);
      default:
        return this.#sender.received(link, message);
    }
  }

  receivedBulk(link, data) {
    return this.#receiver.receivedBulk(link, data);
  }
}
