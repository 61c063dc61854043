// How a shape of the board looks, and whether the eraser meets it: as in desktop_app/ui/board/shapes.py and hit.py.

const TEXT_HEIGHT = 6; // a text's letters are so many widths high
const MAX_FONT_PX = 600;
const LINE_HEIGHT = 1.2;
const ELLIPSE_STEPS = 48;
const INVISIBLE = /[\p{Cc}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu; // but for the joiners of letters and emoji

const paths = new WeakMap();
const measuring = document.createElement("canvas").getContext("2d");

function linesOf(text) {
  return text.split("\n").map((line) => line.replaceAll("\t", "    ").replace(INVISIBLE, ""));
}

export function fontPx(width) {
  return Math.max(3, Math.min(MAX_FONT_PX, Math.round(width * TEXT_HEIGHT)));
}

/** { left, top, right, bottom } of what is painted, in board units. */
export function boundsOf({ tool, points, width, text }) {
  const xs = points.filter((_, i) => i % 2 === 0);
  const ys = points.filter((_, i) => i % 2 === 1);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  if (tool === "text") {
    const size = fontPx(width);
    measuring.font = `${size}px sans-serif`;
    const lines = linesOf(text);
    const broad = Math.max(...lines.map((line) => measuring.measureText(line).width));
    return { left, top, right: left + broad, bottom: top + size * LINE_HEIGHT * lines.length };
  }
  const margin = width / 2 + 1;
  return {
    left: left - margin,
    top: top - margin,
    right: Math.max(...xs) + margin,
    bottom: Math.max(...ys) + margin,
  };
}

function outline({ tool, points }) {
  const path = new Path2D();
  const [x0, y0, x1, y1] = points;
  if (tool === "rectangle") {
    path.rect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
    return path;
  }
  if (tool === "ellipse") {
    path.ellipse((x0 + x1) / 2, (y0 + y1) / 2, Math.abs(x1 - x0) / 2, Math.abs(y1 - y0) / 2, 0, 0, 2 * Math.PI);
    return path;
  }
  const last = points.length - 2;
  path.moveTo(x0, y0);
  if (last === 0) {
    path.lineTo(x0 + 0.01, y0); // a dot: only a line has round ends
  } else if (last === 2) {
    path.lineTo(x1, y1);
  }
  // Curves through the middles: a stroke has no corners where it was simplified.
  for (let at = 2; at < last; at += 2) {
    const [x, y, nextX, nextY] = points.slice(at, at + 4);
    const isLast = at + 2 === last;
    path.quadraticCurveTo(x, y, isLast ? nextX : (x + nextX) / 2, isLast ? nextY : (y + nextY) / 2);
  }
  return path;
}

/** Paint in board units; the context has its transformation set. */
export function paint(context, shape) {
  if (shape.tool === "text") {
    const size = fontPx(shape.width);
    context.font = `${size}px sans-serif`;
    context.textBaseline = "top";
    context.fillStyle = shape.color;
    linesOf(shape.text).forEach((line, i) => {
      context.fillText(line, shape.points[0], shape.points[1] + i * size * LINE_HEIGHT);
    });
    return;
  }
  if (!paths.has(shape)) {
    paths.set(shape, outline(shape));
  }
  context.strokeStyle = shape.color;
  context.lineWidth = shape.width;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.stroke(paths.get(shape));
}

/** Whether a disc of `radius` on its way from `start` to `end` meets the shape's ink; all in board units. */
export function isMet(shape, bounds, start, end, radius) {
  const apart =
    Math.max(start[0], end[0]) + radius < bounds.left ||
    Math.min(start[0], end[0]) - radius > bounds.right ||
    Math.max(start[1], end[1]) + radius < bounds.top ||
    Math.min(start[1], end[1]) - radius > bounds.bottom;
  if (apart || shape.tool === "text") {
    return !apart; // people aim at words as a whole
  }
  const reach = radius + shape.width / 2;
  const line = lineOf(shape);
  if (line.length === 1) {
    return distance(line[0], start, end) <= reach;
  }
  return line.slice(1).some((point, i) => segmentsWithin(line[i], point, start, end, reach));
}

function lineOf({ tool, points }) {
  const [x0, y0, x1, y1] = points;
  if (tool === "rectangle") {
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
  }
  if (tool === "ellipse") {
    return Array.from({ length: ELLIPSE_STEPS + 1 }, (_, step) => {
      const turn = (2 * Math.PI * step) / ELLIPSE_STEPS;
      return [(x0 + x1 + (x1 - x0) * Math.cos(turn)) / 2, (y0 + y1 + (y1 - y0) * Math.sin(turn)) / 2];
    });
  }
  return Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);
}

function segmentsWithin(a, b, c, d, reach) {
  if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) {
    return true;
  }
  return Math.min(distance(a, c, d), distance(b, c, d), distance(c, a, b), distance(d, a, b)) <= reach;
}

function side(a, b, c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** From a point to the segment from `a` to `b`. */
function distance([x, y], a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const along = length2 > 0 ? Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / length2)) : 0;
  return Math.hypot(x - a[0] - along * dx, y - a[1] - along * dy);
}

/**
 * Leave out points of [x, y] that are less than `tolerance` from the line between those left (Ramer, 1972). Where
 * points were left out there is one at least each `gap` all the same: strokes are painted as curves through the
 * middles, which would make an arc of a corner between two long lines.
 */
export function simplify(points, tolerance, gap) {
  const keep = new Set([0, points.length - 1]);
  const spans = [[0, points.length - 1]];
  while (spans.length > 0) {
    const [first, last] = spans.pop();
    let farthest = first;
    let far = tolerance;
    for (let i = first + 1; i < last; i += 1) {
      const away = distance(points[i], points[first], points[last]);
      if (away > far) {
        [farthest, far] = [i, away];
      }
    }
    const length = Math.hypot(points[last][0] - points[first][0], points[last][1] - points[first][1]);
    if (farthest === first && length > gap && last - first > 1) {
      farthest = (first + last) >> 1;
    }
    if (farthest !== first) {
      keep.add(farthest);
      spans.push([first, farthest], [farthest, last]);
    }
  }
  return points.filter((_, i) => keep.has(i));
}
