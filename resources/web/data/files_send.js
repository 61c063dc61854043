// The sending side of files (docs/data-channels.md, files and bulk).

import { randomId } from "../ids.js";
import { BEGIN, DATA, END, HEADER_BYTES, frame } from "./bulk.js";
import { Hasher } from "./hashing.js";
import { cleanName } from "./names.js";
import { sha256Hex } from "./sha256.js";
import { Transfer, cancelWords } from "./transfer.js";

/** How far beyond the newest file-progress a sender may be. */
export const WINDOW_BYTES = 448 * 1024;
const BLOCK_BYTES = 1024 * 1024; // read at once
const MAX_TRANSFERS = 300; // that are remembered

const encoder = new TextEncoder();

/** The tag by which `teller` reminds `told` of a transfer. */
export function tagOf(transferId, teller, told) {
  return sha256Hex(encoder.encode(`${transferId}\n${teller}\n${told}`));
}

function bytesOfHex(digits) {
  return Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16));
}

/** A Transfer with what its sending needs. */
class Outgoing extends Transfer {
  run = null; // of the connection on which it is being sent
  number = 0;
  ackedBytes = 0;
  wake = () => {}; // whoever waits for a file-progress

  constructor(file, link, preview) {
    const name = cleanName(file.name);
    super("out", { transferId: randomId(), userId: link.userId, name, sizeBytes: file.size });
    this.file = file;
    this.wirePreview = preview;
  }

  stop() {
    if (this.run !== null) {
      this.run.active = false;
      this.run = null;
    }
    this.wake();
  }
}

export class FileSender {
  #hub;
  #show;
  #forget;
  #transfers = new Map();
  #lastNumber = 0;

  constructor(hub, show, forget) {
    this.#hub = hub;
    this.#show = show;
    this.#forget = forget;
  }

  get isBusy() {
    return Array.from(this.#transfers.values()).some(({ isOver }) => !isOver);
  }

  offer(file, link, preview) {
    const transfer = new Outgoing(file, link, preview);
    this.#transfers.set(transfer.transferId, transfer);
    this.#show(transfer);
    this.#offer(transfer, link);
    this.#trim();
  }

  cancel(transfer) {
    this.#end(transfer, "cancelled", "cancelled", cancelWords("cancelled", "", { ours: true }));
  }

  linkReady(link) {
    for (const transfer of this.#transfers.values()) {
      if (!transfer.isOver && transfer.userId === link.userId) {
        this.#offer(transfer, link);
      }
    }
  }

  linkLost(link) {
    for (const transfer of this.#transfers.values()) {
      if (transfer.userId === link.userId) {
        transfer.stop();
        if (transfer.state !== "offered") {
          transfer.become("waiting");
        }
      }
    }
  }

  cancelled(link, { transferId, code }) {
    const transfer = this.#of(link, transferId);
    if (transfer === null) {
      return false;
    }
    transfer.stop();
    const state = code === "cancelled" ? "cancelled" : "failed";
    transfer.become(state, cancelWords(code, this.#hub.nameOf(link.userId)));
    return true;
  }

  received(link, message) {
    if (message.type === "file-unfinished") {
      return this.#remind(link, message.tags);
    }
    if (message.type === "file-done") {
      return this.#finished(link, message.transferId);
    }
    const transfer = this.#of(link, message.transferId);
    if (transfer === null) {
      return false;
    }
    switch (message.type) {
      case "file-accept":
        return this.#accepted(transfer, link, message);
      case "file-decline":
        transfer.stop();
        transfer.become("declined", `${this.#hub.nameOf(link.userId)} declined it.`);
        return true;
      case "file-progress":
        return this.#acknowledged(transfer, message.receivedBytes);
    }
    return false;
  }

  /** The receiver has it, and waits to hear that we know: also when it says so again. */
  #finished(link, transferId) {
    const transfer = this.#transfers.get(transferId);
    if (transfer?.userId !== link.userId || (transfer.isOver && transfer.state !== "done")) {
      return false;
    }
    transfer.stop();
    transfer.doneBytes = transfer.sizeBytes;
    transfer.become("done");
    link.send("files", { type: "file-progress", transferId, receivedBytes: transfer.sizeBytes });
    return true;
  }

  /** The transfer of this participant that is not over, or null. */
  #of(link, transferId) {
    const transfer = this.#transfers.get(transferId);
    return transfer !== undefined && transfer.userId === link.userId && !transfer.isOver ? transfer : null;
  }

  #offer(transfer, link) {
    this.#lastNumber = (this.#lastNumber + 1) % 2 ** 32;
    transfer.number = this.#lastNumber;
    const { transferId, number, name, sizeBytes, wirePreview } = transfer;
    link.send("files", { type: "file-offer", transferId, number, name, sizeBytes, preview: wirePreview });
  }

  /** Somebody tells what they hold a beginning of: whoever can make the tag of it is the one who took it. */
  #remind(link, tags) {
    const told = new Set(tags);
    for (const transfer of this.#transfers.values()) {
      const isOthers = !transfer.isOver && transfer.userId !== link.userId && transfer.state !== "offered";
      if (isOthers && told.has(tagOf(transfer.transferId, link.userId, this.#hub.userId))) {
        transfer.stop();
        transfer.userId = link.userId;
        transfer.become("waiting");
        this.#offer(transfer, link);
      }
    }
    return true;
  }

  #acknowledged(transfer, receivedBytes) {
    if (transfer.run === null || receivedBytes > transfer.run.position || receivedBytes < transfer.ackedBytes) {
      return false; // more than was sent, or less than before
    }
    transfer.ackedBytes = receivedBytes;
    transfer.progress(receivedBytes);
    transfer.wake();
    return true;
  }

  #accepted(transfer, link, { offset, prefixSha256 }) {
    if (transfer.run !== null || offset > transfer.sizeBytes || (offset > 0 && prefixSha256 === null)) {
      return false;
    }
    const run = { active: true, generation: link.generation, number: transfer.number, position: offset };
    transfer.run = run;
    transfer.ackedBytes = offset;
    transfer.progress(offset);
    transfer.become(offset > 0 ? "checking" : "running");
    this.#send(transfer, run, link, offset, prefixSha256).catch((error) => {
      console.info("a file cannot be sent", error);
      if (run.active) {
        const code = "source-unreadable"; // gone, or changed since it was chosen
        this.#end(transfer, code, "failed", cancelWords(code, ""));
      }
    });
    return true;
  }

  async #send(transfer, run, link, offset, prefixSha256) {
    const { file, sizeBytes } = transfer;
    const hasher = new Hasher();
    try {
      for (let at = 0; at < offset && run.active; at += BLOCK_BYTES) {
        await hasher.update(await read(file, at, Math.min(BLOCK_BYTES, offset - at)));
      }
      if (offset > 0 && run.active && (await hasher.hex()) !== prefixSha256) {
        this.#end(transfer, "source-changed", "failed", cancelWords("source-changed", ""));
      }
      if (!run.active) {
        return;
      }
      transfer.become("running");
      await link.sendBulk(frame(BEGIN, run.number, offset), run.generation);
      while (run.position < sizeBytes && run.active) {
        const block = await read(file, run.position, Math.min(BLOCK_BYTES, sizeBytes - run.position));
        if (!(await this.#sendBlock(transfer, run, link, new Uint8Array(block)))) {
          return;
        }
        await hasher.update(block);
      }
      if (run.active) {
        const digest = await hasher.hex();
        await link.sendBulk(frame(END, run.number, sizeBytes, bytesOfHex(digest)), run.generation);
      }
    } finally {
      hasher.close();
    }
  }

  /** Send the bytes in pieces, as the channel and the receiver have room; false when it is over. */
  async #sendBlock(transfer, run, link, block) {
    const pieceBytes = link.pieceBytes(HEADER_BYTES);
    for (let at = 0; at < block.length; at += pieceBytes) {
      const piece = block.subarray(at, at + pieceBytes);
      while (run.active && run.position + piece.length > transfer.ackedBytes + WINDOW_BYTES) {
        await new Promise((resolve) => (transfer.wake = resolve));
      }
      if (!run.active) {
        return false;
      }
      const message = frame(DATA, run.number, run.position, piece);
      run.position += piece.length; // before the answer to it may come
      if (!(await link.sendBulk(message, run.generation)) || !run.active) {
        return false;
      }
    }
    return true;
  }

  #end(transfer, code, state, words) {
    if (transfer.isOver) {
      return;
    }
    transfer.stop();
    const { transferId, userId } = transfer;
    this.#hub.links.get(userId)?.send("files", { type: "file-cancel", transferId, code });
    transfer.become(state, words);
  }

  #trim() {
    for (const [transferId, transfer] of this.#transfers) {
      if (this.#transfers.size <= MAX_TRANSFERS) {
        return;
      }
      if (transfer.isOver) {
        this.#transfers.delete(transferId);
        this.#forget(transfer);
      }
    }
  }
}

async function read(file, at, count) {
  const buffer = await file.slice(at, at + count).arrayBuffer();
  if (buffer.byteLength !== count) {
    throw new Error("the file has become shorter");
  }
  return buffer;
}
