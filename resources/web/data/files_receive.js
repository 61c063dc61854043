// The receiving side of files (docs/data-channels.md, files and bulk).

import { BEGIN, DATA, END, readFrame } from "./bulk.js";
import { OWN_CHUNK_BYTES } from "./channels.js";
import { tagOf } from "./files_send.js";
import { Hasher } from "./hashing.js";
import { MAX_TAGS } from "./messages.js";
import { cleanName } from "./names.js";
import { previewUrl } from "./preview.js";
import { SinkError, openSink } from "./sinks.js";
import { Transfer, cancelWords } from "./transfer.js";

const PROGRESS_BYTES = 64 * 1024;
const PROGRESS_MS = 250;
/** What may lie here unwritten: a sender that keeps to its window never comes near. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;
const MAX_OPEN_OFFERS = 50; // of one participant
const MAX_TRANSFERS = 300; // that are remembered
const NO_PLACE = new SinkError("not-writable", "The browser gave no place for the file. Have it sent again.");

/** A Transfer with what its receiving needs. */
class Incoming extends Transfer {
  sink = null;
  hasher = null;
  link = null;
  number = null; // of the newest offer, on the connection of now
  answer = null; // "file-accept" was sent: what comes on this connection counts
  parts = []; // data that is not yet written
  unwritten = 0;
  pump = null; // runs while there is something to write
  timer = null;
  end = null; // the digest that the sender gave

  constructor(link, { transferId, name, sizeBytes, preview }) {
    super("in", { transferId, userId: link.userId, name: cleanName(name), sizeBytes });
    this.wireName = name;
    this.preview = preview === null ? null : previewUrl(preview);
  }
}

export class FileReceiver {
  #hub;
  #show;
  #forget;
  #transfers = new Map();

  constructor(hub, show, forget) {
    this.#hub = hub;
    this.#show = show;
    this.#forget = forget;
  }

  get isBusy() {
    return Array.from(this.#transfers.values()).some(({ isOver, sink }) => !isOver && sink !== null);
  }

  linkReady(link) {
    const unfinished = Array.from(this.#transfers.values()).filter(({ isOver, sink }) => !isOver && sink !== null);
    const tags = unfinished.slice(-MAX_TAGS).map(({ transferId }) => tagOf(transferId, this.#hub.userId, link.userId));
    if (tags.length > 0) {
      link.send("files", { type: "file-unfinished", tags });
    }
  }

  linkLost(link) {
    for (const transfer of this.#transfers.values()) {
      if (transfer.link === link) {
        transfer.link = null;
        transfer.number = null;
        transfer.answer = null;
        if (transfer.sink !== null) {
          transfer.become("waiting");
        }
      }
    }
  }

  /** An offer, new or repeated. */
  offered(link, offer) {
    const known = this.#transfers.get(offer.transferId);
    if (known === undefined) {
      return this.#newOffer(link, offer);
    }
    if (known.wireName !== offer.name || known.sizeBytes !== offer.sizeBytes) {
      return false;
    }
    const { transferId } = known;
    if (known.isOver) {
      const type = { done: "file-done", declined: "file-decline" }[known.state] ?? "file-cancel";
      link.send("files", { type, transferId });
      return true;
    }
    // Under whatever name somebody comes back: the id is a secret of the two.
    Object.assign(known, { link, number: offer.number, answer: null, userId: link.userId });
    if (known.sink !== null) {
      this.#answer(known);
    }
    return true;
  }

  async accept(transfer) {
    if (transfer.state !== "offered" || transfer.sink !== null) {
      return;
    }
    let sink;
    try {
      sink = await openSink(transfer.name, transfer.sizeBytes);
    } catch (error) {
      if (error.name !== "AbortError") {
        const { code, message } = error instanceof SinkError ? error : NO_PLACE;
        this.#end(transfer, code, "failed", message);
      }
      return; // the person closed the question where to put it: the offer stands
    }
    if (transfer.isOver || transfer.sink !== null) {
      sink.discard();
      return;
    }
    transfer.sink = sink;
    transfer.hasher = new Hasher();
    if (transfer.link === null) {
      transfer.become("waiting");
    } else {
      this.#answer(transfer);
    }
  }

  decline(transfer) {
    if (transfer.state === "offered") {
      transfer.link?.send("files", { type: "file-decline", transferId: transfer.transferId });
      transfer.become("declined", "You declined it.");
    }
  }

  cancel(transfer) {
    this.#end(transfer, "cancelled", "cancelled", cancelWords("cancelled", "", { ours: true }));
  }

  cancelled(link, { transferId, code }) {
    const transfer = this.#transfers.get(transferId);
    if (transfer === undefined || transfer.isOver || transfer.userId !== link.userId) {
      return false;
    }
    transfer.become(code === "cancelled" ? "cancelled" : "failed", cancelWords(code, this.#hub.nameOf(link.userId)));
    this.#release(transfer);
    return true;
  }

  /** Whether the sender confirms that it knows of a file that is done. */
  confirmed(link, { transferId, receivedBytes }) {
    const transfer = this.#transfers.get(transferId);
    return transfer?.state === "done" && transfer.userId === link.userId && receivedBytes === transfer.sizeBytes;
  }

  receivedBulk(link, data) {
    const message = readFrame(data, OWN_CHUNK_BYTES);
    const transfer = message && this.#running(link, message.number);
    if (!transfer || transfer.end !== null) {
      return false;
    }
    const { kind, offset, payload } = message;
    if (offset !== transfer.doneBytes + transfer.unwritten) {
      this.#fail(transfer, "bad-data");
    } else if (kind === DATA) {
      this.#take(transfer, payload);
    } else if (kind === END) {
      transfer.end = Array.from(payload, (byte) => byte.toString(16).padStart(2, "0")).join("");
      this.#write(transfer);
    } else if (kind === BEGIN) {
      transfer.become("running");
    }
    return true;
  }

  #newOffer(link, offer) {
    const open = Array.from(this.#transfers.values()).filter(
      ({ state, userId }) => state === "offered" && userId === link.userId,
    );
    if (open.length >= MAX_OPEN_OFFERS) {
      link.send("files", { type: "file-decline", transferId: offer.transferId });
      return false;
    }
    const transfer = new Incoming(link, offer);
    Object.assign(transfer, { link, number: offer.number });
    this.#transfers.set(offer.transferId, transfer);
    this.#show(transfer);
    this.#trim();
    return true;
  }

  /** Ask for the file from the last byte that is here. */
  async #answer(transfer) {
    const { link, number, transferId } = transfer;
    this.#write(transfer); // what came on the connection before
    await transfer.pump;
    const offset = transfer.doneBytes;
    const prefixSha256 = offset > 0 ? await transfer.hasher?.hex().catch(() => null) : null;
    if (offset > 0 && prefixSha256 === null) {
      this.#fail(transfer, "not-writable"); // nobody knows any more what is there
    }
    if (transfer.isOver || transfer.link !== link || transfer.number !== number) {
      return;
    }
    transfer.end = null;
    transfer.answer = { number };
    link.send("files", { type: "file-accept", transferId, offset, prefixSha256 });
    transfer.progress(offset);
    transfer.become("running");
  }

  #running(link, number) {
    for (const transfer of this.#transfers.values()) {
      if (transfer.link === link && transfer.answer?.number === number && !transfer.isOver) {
        return transfer;
      }
    }
    return null;
  }

  #take(transfer, payload) {
    if (transfer.doneBytes + transfer.unwritten + payload.length > transfer.sizeBytes) {
      this.#fail(transfer, "too-long");
      return;
    }
    transfer.parts.push(payload);
    transfer.unwritten += payload.length;
    if (transfer.unwritten > MAX_UNWRITTEN_BYTES) {
      this.#fail(transfer, "bad-data");
    } else if (transfer.unwritten >= PROGRESS_BYTES) {
      this.#write(transfer);
    } else {
      transfer.timer ??= setTimeout(() => this.#write(transfer), PROGRESS_MS);
    }
  }

  /** Write what is there; one at a time for each transfer. */
  #write(transfer) {
    clearTimeout(transfer.timer);
    transfer.timer = null;
    transfer.pump ??= this.#pump(transfer)
      .catch((error) => {
        console.info("a file cannot be written", error);
        this.#fail(transfer, error.name === "QuotaExceededError" ? "disk-full" : "not-writable");
      })
      .finally(() => (transfer.pump = null));
  }

  async #pump(transfer) {
    while (transfer.unwritten > 0 && !transfer.isOver) {
      const parts = transfer.parts.splice(0);
      const bytes = joined(parts);
      const count = bytes.length; // the bytes are given away
      await transfer.sink.write(bytes);
      await transfer.hasher.update(bytes.buffer);
      transfer.unwritten -= count;
      if (transfer.isOver) {
        return;
      }
      transfer.progress(transfer.doneBytes + count);
      const { transferId, doneBytes, link, answer } = transfer;
      if (answer !== null) {
        link.send("files", { type: "file-progress", transferId, receivedBytes: doneBytes });
      }
    }
    if (transfer.end !== null && !transfer.isOver) {
      await this.#finish(transfer);
    }
  }

  async #finish(transfer) {
    if (transfer.doneBytes !== transfer.sizeBytes) {
      this.#fail(transfer, "too-short");
    } else if ((await transfer.hasher.hex()) !== transfer.end) {
      this.#fail(transfer, "bad-digest");
    } else if (!transfer.isOver) {
      transfer.saved = await transfer.sink.finish();
      transfer.sink = null;
      if (!transfer.isOver) {
        transfer.become("done");
        transfer.link?.send("files", { type: "file-done", transferId: transfer.transferId });
      }
      this.#release(transfer);
    }
  }

  #fail(transfer, code) {
    this.#end(transfer, code, "failed", cancelWords(code, this.#hub.nameOf(transfer.userId), { ours: true }));
  }

  #end(transfer, code, state, words) {
    if (!transfer.isOver) {
      transfer.link?.send("files", { type: "file-cancel", transferId: transfer.transferId, code });
      transfer.become(state, words);
      this.#release(transfer);
    }
  }

  #release(transfer) {
    clearTimeout(transfer.timer);
    transfer.parts = [];
    transfer.hasher?.close();
    transfer.hasher = null;
    transfer.sink?.discard();
    transfer.sink = null;
  }

  #trim() {
    for (const [transferId, transfer] of this.#transfers) {
      if (this.#transfers.size <= MAX_TRANSFERS) {
        return;
      }
      if (transfer.isOver || (transfer.link === null && transfer.sink === null)) {
        this.#transfers.delete(transferId);
        transfer.saved?.forget();
        this.#forget(transfer);
      }
    }
  }
}

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
