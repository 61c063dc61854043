// What an operation must be beyond its schema, so that everybody takes or leaves it alike (docs/data-channels.md).

import { byteLength } from "../data/messages.js";

export const MAX_CLOCK_STEP = 1_000_000;
const MAX_OP_BYTES = 60_000;
const SURELY_SHORT_NUMBERS = 2000;
const WORDS = /[^ \t\n]/; // not trim(): what else is a space depends on the language and its version
const POINTS = { line: 4, rectangle: 4, ellipse: 4, text: 2 };

/** Whether it has the points that its tool needs, and text exactly when it is one. */
export function shapeIsSound({ tool, points, text }) {
  const count = points.length;
  if (count % 2 !== 0 || count < 2 || count !== (POINTS[tool] ?? count)) {
    return false;
  }
  return tool === "text" ? WORDS.test(text) : text === "";
}

/** Whether it has the fields of its kind and no others. */
export function fieldsFit({ kind, shape, targets, seen, target }) {
  const given = [shape !== null, targets.length > 0, seen !== null, target !== null];
  const wanted = [kind === "add", kind === "remove", kind === "clear", kind === "undo" || kind === "redo"];
  return given.every((one, i) => one === wanted[i]) && (shape === null || shapeIsSound(shape));
}

/** Whether a message can carry it. Numbers count as the others write them: whole ones have ".0". */
export function isShort(op) {
  if (op.shape === null || op.shape.points.length <= SURELY_SHORT_NUMBERS) {
    return true;
  }
  const { points, ...rest } = op.shape;
  const frame = { ...op, shape: { ...rest, points: [] } };
  const numbers = points.reduce((sum, one) => sum + String(one).length + (Number.isInteger(one) ? 3 : 1), 0);
  return byteLength(JSON.stringify(frame)) + numbers - 1 <= MAX_OP_BYTES;
}

/** What it costs in memory, in the cost of one number of a shape. */
export function weight({ targets, seen, shape }) {
  const heavy = 20 + 6 * (targets.length + (seen?.size ?? 0));
  return heavy + (shape === null ? 0 : shape.points.length + Math.floor(Array.from(shape.text).length / 4));
}
