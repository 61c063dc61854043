// The data channels of a connection, the same at both ends (docs/data-channels.md).

export const DEFAULT_CHUNK_BYTES = 16 * 1024;
export const MAX_CHUNK_BYTES = 256 * 1024;
/** The largest piece of a file that this page takes in one message. */
export const OWN_CHUNK_BYTES = 64 * 1024;
/** Of one JSON message. */
export const MAX_TEXT_BYTES = 64 * 1024;
/** What bulk data may have waiting in its channel, so that nothing else waits behind it. */
export const MAX_BULK_QUEUED_BYTES = 128 * 1024;

const CHANNELS = [
  { label: "control", id: 100, priority: "high" },
  { label: "chat", id: 101, priority: "high" },
  { label: "files", id: 102, priority: "medium" },
  { label: "bulk", id: 103, priority: "very-low" },
  { label: "board", id: 104, priority: "low" },
  { label: "pointer", id: 105, priority: "high", ordered: false, maxRetransmits: 0 },
];

/** Make all of them, before the connection is described: a Map of RTCDataChannels by label. */
export function openChannels(connection) {
  const channels = new Map();
  for (const { label, ...options } of CHANNELS) {
    const channel = connection.createDataChannel(label, { negotiated: true, ...options });
    channel.binaryType = "arraybuffer";
    channels.set(label, channel);
  }
  channels.get("bulk").bufferedAmountLowThreshold = MAX_BULK_QUEUED_BYTES / 2;
  return channels;
}

const MAX_HELD = 200;
const MAX_HELD_CHARS = 1024 * 1024;

/** Keeps what comes on channels until somebody listens to them: on a connection that is not in use yet. */
export class EarlyChannels {
  #held = [];
  #size = 0;
  #end = new AbortController();

  channels;

  constructor(connection) {
    this.channels = openChannels(connection);
    for (const [label, channel] of this.channels) {
      channel.addEventListener("message", ({ data }) => this.#hold(label, data), { signal: this.#end.signal });
    }
  }

  /** Listen no more; returns [[label, data]] of what came. */
  release() {
    this.#end.abort();
    return this.#held.splice(0);
  }

  #hold(label, data) {
    this.#size += data.length ?? data.byteLength ?? 0;
    if (this.#held.length < MAX_HELD && this.#size <= MAX_HELD_CHARS) {
      this.#held.push([label, data]);
    }
  }
}
