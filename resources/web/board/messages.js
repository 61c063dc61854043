// Messages of the board and pointer channels (docs/data-channels.md).

import { flag, hex, integer, list, number, optional, record, text } from "../data/schema.js";

export const MAX_NUMBERS = 4000;
export const MAX_TARGETS = 500;
export const MAX_BATCH_OPS = 200;
export const MAX_SEEN = 1500; // so many sites fit into one message, whatever the numbers are
export const MAX_TEXT_CHARS = 500;

const TOOLS = new Set(["pen", "line", "rectangle", "ellipse", "text"]);
const KINDS = new Set(["add", "remove", "clear", "undo", "redo"]);

const site = hex(16);
const seq = integer(1, 2 ** 53);
const oneOf = (values) => (value) => (values.has(value) ? value : undefined);
const color = (value) => (typeof value === "string" && /^#[0-9a-f]{6}$/.test(value) ? value : undefined);

const opId = (value) => {
  const read = Array.isArray(value) && value.length === 2 ? [site(value[0]), seq(value[1])] : [undefined];
  return read.includes(undefined) ? undefined : read;
};

/** { site: seq } as a Map. */
const seen = (value) => {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return undefined;
  }
  const entries = Object.entries(value);
  const fits = entries.length <= MAX_SEEN && entries.every(([key, upto]) => site(key) && seq(upto) !== undefined);
  return fits ? new Map(entries) : undefined;
};

export const shape = record({
  tool: oneOf(TOOLS),
  color,
  width: number(0.5, 100),
  points: list(number(-1_000_000, 1_000_000), 2, MAX_NUMBERS),
  text: optional(text(0, MAX_TEXT_CHARS), ""),
});

const op = record({
  site,
  seq,
  clock: seq,
  author: text(1, 128),
  kind: oneOf(KINDS),
  shape: optional(shape, null),
  targets: optional(list(opId, 0, MAX_TARGETS), []),
  seen: optional(seen, null),
  target: optional(opId, null),
});

export const BOARD_MESSAGES = new Map([
  ["board-ops", record({ ops: list(op, 1, MAX_BATCH_OPS) })],
  ["board-state", record({ seen, more: optional(flag, false) })],
]);

export const POINTER_MESSAGES = new Map([
  [
    "pointer",
    record({
      surface: text(1, 140),
      x: number(-1_000_000, 1_000_000),
      y: number(-1_000_000, 1_000_000),
      visible: optional(flag, true),
    }),
  ],
  ["stroke", record({ shape, done: optional(flag, false) })],
]);

/** An operation as it is sent: the fields of its kind and no others. */
export function wireOp({ site: from, seq: count, clock, author, kind, shape: drawn, targets, seen: upto, target }) {
  const fields = { site: from, seq: count, clock, author, kind };
  if (drawn !== null) {
    const { text: words, ...rest } = drawn;
    fields.shape = words === "" ? rest : drawn;
  }
  if (targets.length > 0) {
    fields.targets = targets;
  }
  if (upto !== null) {
    fields.seen = Object.fromEntries(upto);
  }
  if (target !== null) {
    fields.target = target;
  }
  return fields;
}
