// The way to one participant, over all connections to them.

import { DEFAULT_CHUNK_BYTES, MAX_BULK_QUEUED_BYTES } from "./channels.js";
import { decode, encode } from "./messages.js";
import { FloodGate } from "./rate.js";

const MAX_WAITING = 100;
const MAX_EARLY = 200;
const MAX_EARLY_CHARS = 1024 * 1024;

/**
 * `hub` is told: ready(link), lost(link), received(link, label, message), receivedBulk(link, data).
 * Until their hello is there nothing but our hello is sent, and what overtook it on another channel waits.
 */
export class Link {
  #hub;
  #channels = null;
  #maxMessageBytes = () => Infinity;
  #hello = null;
  #waiting = new Map(); // by label: texts that go out as soon as they can
  #early = [];
  #earlyChars = 0;
  #wantsRoom = [];
  #gates = new Map(); // by label; another connection brings no more room

  userId;
  /** Counts the connections: what was begun on an older one is over. */
  generation = 0;
  /** What was dropped: no message of ours, one that waited too long in a full queue, more than we read. */
  dropped = { received: 0, sent: 0, flood: 0 };

  constructor(userId, hub) {
    this.userId = userId;
    this.#hub = hub;
  }

  get isReady() {
    return this.#hello !== null;
  }

  understands(capability) {
    return this.#hello?.capabilities.includes(capability) ?? false;
  }

  /** The largest piece of a file that they take, with a header of `headerBytes`, in one message. */
  pieceBytes(headerBytes) {
    const chunkBytes = this.#hello?.chunkBytes ?? DEFAULT_CHUNK_BYTES;
    const most = Math.min(this.#maxMessageBytes(), MAX_BULK_QUEUED_BYTES / 2);
    return Math.max(1, Math.min(chunkBytes, most - headerBytes));
  }

  /**
   * Use the channels of a new connection; `hello` makes what we say first on it. It may have been up for a while:
   * `held` is what came on them, [[label, data]].
   */
  attach(channels, hello, maxMessageBytes, held = []) {
    this.detach();
    this.#channels = channels;
    this.#maxMessageBytes = maxMessageBytes;
    const mine = (act) => (event) => {
      if (this.#channels === channels) {
        act(event);
      }
    };
    for (const [label, channel] of channels) {
      channel.addEventListener("message", mine(({ data }) => this.#receive(label, data)));
      channel.addEventListener("close", mine(() => this.detach()));
      channel.addEventListener("open", mine(() => this.#flush(label)));
      channel.addEventListener("bufferedamountlow", mine(() => this.#wakeAll()));
    }
    const control = channels.get("control");
    const greet = () => this.#transmit(control, encode({ type: "hello", ...hello() }));
    if (control.readyState === "open") {
      greet();
    } else {
      control.addEventListener("open", mine(greet));
    }
    for (const [label, data] of held) {
      if (this.#channels === channels) {
        this.#receive(label, data);
      }
    }
  }

  /** Say that we are here: the far end's confirmation shows that it is, too. */
  keepAlive() {
    const pointer = this.#channels?.get("pointer");
    if (this.isReady && pointer.readyState === "open" && pointer.bufferedAmount === 0) {
      this.#transmit(pointer, encode({ type: "alive" }));
    }
  }

  /** The connection is gone; another may follow. */
  detach() {
    const wasReady = this.isReady;
    this.#channels = null;
    this.#hello = null;
    this.#early = [];
    this.#earlyChars = 0;
    this.generation += 1;
    this.#wakeAll();
    if (wasReady) {
      this.#hub.lost(this);
    }
  }

  /** Send a message, or keep it until there is a connection: up to 100 a channel, then the oldest goes. */
  send(label, message) {
    const words = encode(message);
    if (words === null) {
      this.dropped.sent += 1;
      return;
    }
    const queue = this.#waiting.get(label) ?? [];
    this.#waiting.set(label, queue);
    queue.push(words);
    if (queue.length > MAX_WAITING) {
      queue.shift();
      this.dropped.sent += 1;
    }
    this.#flush(label);
  }

  /** What waits in the channel `label`, not yet on the network. */
  queuedBytes(label) {
    return this.#channels?.get(label).bufferedAmount ?? 0;
  }

  /** Whether `bytes` more may be put into the bulk channel now. */
  hasBulkRoom(bytes) {
    const bulk = this.#channels?.get("bulk");
    return this.isReady && bulk.readyState === "open" && bulk.bufferedAmount + bytes <= MAX_BULK_QUEUED_BYTES;
  }

  /** Send on the bulk channel of connection `generation`: waits for room; false when that connection is gone. */
  async sendBulk(bytes, generation) {
    while (this.generation === generation && !this.hasBulkRoom(bytes.length)) {
      await new Promise((resolve) => this.#wantsRoom.push(resolve));
    }
    return this.generation === generation && this.#transmit(this.#channels.get("bulk"), bytes);
  }

  #receive(label, data) {
    if (!this.#gates.has(label)) {
      this.#gates.set(label, new FloodGate(label));
    }
    if (!this.#gates.get(label).admits(data)) {
      this.dropped.flood += 1;
      return;
    }
    if (label === "bulk") {
      if (this.isReady) {
        this.#hub.receivedBulk(this, data);
      } else {
        this.dropped.received += 1;
      }
      return;
    }
    const message = decode(label, data);
    if (message === null) {
      this.dropped.received += 1;
    } else if (message.type === "alive") {
      return;
    } else if (message.type === "hello") {
      this.#greet(message);
    } else if (this.isReady) {
      this.#hub.received(this, label, message);
    } else if (this.#early.length < MAX_EARLY && this.#earlyChars + data.length <= MAX_EARLY_CHARS) {
      this.#earlyChars += data.length;
      this.#early.push([label, message]);
    } else {
      this.dropped.received += 1;
    }
  }

  #greet(hello) {
    if (this.isReady) {
      this.dropped.received += 1; // said once
      return;
    }
    this.#hello = hello;
    const { generation } = this;
    this.#hub.ready(this, hello);
    for (const label of this.#waiting.keys()) {
      this.#flush(label);
    }
    for (const [label, message] of this.#early.splice(0)) {
      if (this.generation === generation) {
        this.#hub.received(this, label, message);
      }
    }
  }

  #flush(label) {
    const channel = this.#channels?.get(label);
    const queue = this.#waiting.get(label);
    while (this.isReady && channel?.readyState === "open" && queue?.length > 0) {
      if (!this.#transmit(channel, queue[0])) {
        return;
      }
      queue.shift();
    }
    if (label === "bulk") {
      this.#wakeAll();
    }
  }

  #transmit(channel, data) {
    try {
      channel.send(data);
      return true;
    } catch (error) {
      console.info("a data channel does not take a message", error); // closed this moment, or full
      return false;
    }
  }

  #wakeAll() {
    for (const wake of this.#wantsRoom.splice(0)) {
      wake();
    }
  }
}
