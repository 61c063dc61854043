// Messages to text and back (docs/data-channels.md). Whatever a far end sends: what is no message of its channel is
// null.

import { BOARD_MESSAGES, POINTER_MESSAGES } from "../board/messages.js";
import { DEFAULT_CHUNK_BYTES, MAX_CHUNK_BYTES, MAX_TEXT_BYTES } from "./channels.js";
import { flag, hex, integer, list, number, optional, record, text } from "./schema.js";

const VERSION = 1;
export const MAX_LINE_CHARS = 4000;
export const MAX_KNOWN_TAGS = 1500;
export const MAX_HISTORY_LINES = 100;
export const MAX_TAGS = 200;
/** Base64 of 24 KiB. */
export const MAX_PREVIEW_CHARS = 32 * 1024;

const userId = text(1, 128);
const randomId = hex(32);
const sha256 = hex(64);
const milliseconds = number(0, 1e14);
const sizeBytes = integer(0, 2 ** 53);

const line = record({
  id: randomId,
  author: userId,
  authorName: optional(text(0, 80), ""),
  text: text(1, MAX_LINE_CHARS),
  sentMs: milliseconds,
  to: optional(userId, null),
});

const KINDS = new Map([
  ["board", BOARD_MESSAGES],
  ["pointer", new Map([...POINTER_MESSAGES, ["alive", record({})]])],
  [
    "control",
    new Map([
      [
        "hello",
        record({
          capabilities: optional(list(text(1, 32), 0, 32), []),
          chunkBytes: optional(integer(1024, MAX_CHUNK_BYTES), DEFAULT_CHUNK_BYTES),
          handRaised: optional(flag, false),
        }),
      ],
      ["reaction", record({ emoji: text(1, 16) })],
      ["hand", record({ raised: flag })],
    ]),
  ],
  [
    "chat",
    new Map([
      ["chat-line", record({ line })],
      ["chat-received", record({ ids: list(randomId, 0, 2000) })],
      ["chat-known", record({ tags: list(randomId, 0, MAX_KNOWN_TAGS) })],
      ["chat-history", record({ lines: list(line, 0, MAX_HISTORY_LINES), late: optional(flag, false) })],
    ]),
  ],
  [
    "files",
    new Map([
      [
        "file-offer",
        record({
          transferId: randomId,
          number: integer(0, 2 ** 32 - 1),
          name: text(1, 255),
          sizeBytes,
          preview: optional(text(0, MAX_PREVIEW_CHARS), null),
        }),
      ],
      [
        "file-accept",
        record({ transferId: randomId, offset: optional(sizeBytes, 0), prefixSha256: optional(sha256, null) }),
      ],
      ["file-decline", record({ transferId: randomId })],
      ["file-cancel", record({ transferId: randomId, code: optional(text(0, 32), "cancelled") })],
      ["file-progress", record({ transferId: randomId, receivedBytes: sizeBytes })],
      ["file-done", record({ transferId: randomId })],
      ["file-unfinished", record({ tags: list(sha256, 0, MAX_TAGS) })],
    ]),
  ],
]);

const head = record({
  v: optional(integer(VERSION, VERSION), VERSION),
  type: text(1, 64),
  t: optional(milliseconds, 0),
});
const encoder = new TextEncoder();

export function byteLength(words) {
  return encoder.encode(words).length;
}

/** The text of a message that is sent now; null when it is over MAX_TEXT_BYTES. */
export function encode(message) {
  const words = JSON.stringify({ v: VERSION, t: performance.timeOrigin + performance.now(), ...message });
  return byteLength(words) > MAX_TEXT_BYTES ? null : words;
}

/** What came on the channel `label`: type, t (its sender's clock) and checked fields; null when it is no message. */
export function decode(label, data) {
  if (typeof data !== "string" || data.length > MAX_TEXT_BYTES || byteLength(data) > MAX_TEXT_BYTES) {
    return null;
  }
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  const { type, t } = head(value) ?? {};
  const message = KINDS.get(label)?.get(type)?.(value);
  return message === undefined ? null : { type, t, ...message };
}
