// The whiteboard's picture: the shapes that are seen, at a place and a scale.

import { boundsOf, paint } from "./shapes.js";

const MIN_SCALE = 0.05;
const MAX_SCALE = 8;
const PAPER = "#ffffff";
const DOT = "#d5dbe5";
const DOT_STEP = 32;
const POINTER = "#3b5b92";
const MAX_NAME_PX = 160;
const ARROW = [
  [0, 0],
  [0, 15],
  [4.2, 11.6],
  [7, 17.6],
  [9.4, 16.5],
  [6.7, 10.7],
  [12, 10.4],
];
const FIT_MARGIN_PX = 32;
const MAX_PNG_PX = 8192;

export class BoardCanvas {
  #canvas;
  #context;
  #board;
  #bounds = new WeakMap();
  #shapes = null; // what is seen, as long as it is known
  #frame = 0;

  /** In board units a CSS pixel: how far the left upper corner is from 0, 0, and CSS pixels a unit. */
  view = { x: 0, y: 0, scale: 1 };
  /** A shape that is being drawn, or null. */
  draft = null;
  /** What others are drawing, and where they point: { x, y, name } in board units. */
  strokes = [];
  pointers = [];
  /** Operations whose shapes are hidden, since the eraser met them. */
  rubbed = new Set();

  constructor(canvas, board) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#board = board;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  get shapes() {
    this.#shapes ??= this.#board.shapes();
    return this.#shapes;
  }

  boundsOf(op) {
    if (!this.#bounds.has(op)) {
      this.#bounds.set(op, boundsOf(op.shape));
    }
    return this.#bounds.get(op);
  }

  /** Operations have come. */
  changed() {
    this.#shapes = null;
    this.draw();
  }

  /** [x, y] in board units, of a place in CSS pixels from the canvas's corner. */
  toBoard(x, y) {
    return [this.view.x + x / this.view.scale, this.view.y + y / this.view.scale];
  }

  moveBy(dx, dy) {
    this.view.x -= dx / this.view.scale;
    this.view.y -= dy / this.view.scale;
    this.draw();
  }

  /** Zoom so that the place x, y (CSS pixels) stays where it is. */
  zoomBy(factor, x, y) {
    const [boardX, boardY] = this.toBoard(x, y);
    this.view.scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, this.view.scale * factor));
    this.view.x = boardX - x / this.view.scale;
    this.view.y = boardY - y / this.view.scale;
    this.draw();
  }

  /** Show everything, at most at 100 %. */
  fit() {
    const area = this.#whole();
    if (area === null) {
      this.view = { x: 0, y: 0, scale: 1 };
    } else {
      const { clientWidth, clientHeight } = this.#canvas;
      const [width, height] = [area.right - area.left, area.bottom - area.top];
      const room = (px) => Math.max(1, px - 2 * FIT_MARGIN_PX);
      const scale = Math.max(MIN_SCALE, Math.min(1, room(clientWidth) / width, room(clientHeight) / height));
      const x = (area.left + area.right - clientWidth / scale) / 2;
      this.view = { x, y: (area.top + area.bottom - clientHeight / scale) / 2, scale };
    }
    this.draw();
  }

  /** Whether something of the picture can be seen where we look. */
  showsSomething() {
    const [right, bottom] = this.toBoard(this.#canvas.clientWidth, this.#canvas.clientHeight);
    const { x, y } = this.view;
    return this.shapes.some((op) => isWithin(this.boundsOf(op), x, y, right, bottom));
  }

  /** The whole picture as a PNG Blob; null when there is none. */
  async toPng() {
    const area = this.#whole();
    if (area === null) {
      return null;
    }
    const margin = 24;
    const [width, height] = [area.right - area.left + 2 * margin, area.bottom - area.top + 2 * margin];
    const scale = Math.min(2, MAX_PNG_PX / width, MAX_PNG_PX / height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = PAPER;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, (margin - area.left) * scale, (margin - area.top) * scale);
    for (const op of this.shapes) {
      paint(context, op.shape);
    }
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  /** With the next picture of the browser. */
  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #whole() {
    let area = null;
    for (const op of this.shapes) {
      const { left, top, right, bottom } = this.boundsOf(op);
      area ??= { left, top, right, bottom };
      area.left = Math.min(area.left, left);
      area.top = Math.min(area.top, top);
      area.right = Math.max(area.right, right);
      area.bottom = Math.max(area.bottom, bottom);
    }
    return area;
  }

  #paint() {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (width === 0 || height === 0) {
      return;
    }
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const { x, y, scale } = this.view;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = PAPER;
    context.fillRect(0, 0, width, height);
    context.setTransform(scale * ratio, 0, 0, scale * ratio, -x * scale * ratio, -y * scale * ratio);
    const [right, bottom] = this.toBoard(clientWidth, clientHeight);
    this.#paintDots(right, bottom);
    for (const op of this.shapes) {
      if (!this.rubbed.has(op) && isWithin(this.boundsOf(op), x, y, right, bottom)) {
        paint(context, op.shape);
      }
    }
    for (const shape of this.strokes) {
      paint(context, shape);
    }
    if (this.draft !== null) {
      paint(context, this.draft);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const pointer of this.pointers) {
      this.#paintPointer((pointer.x - x) * scale, (pointer.y - y) * scale, pointer.name);
    }
  }

  /** An arrow whose tip is at `x`, `y` (CSS pixels), and a name beside it. */
  #paintPointer(x, y, name) {
    const context = this.#context;
    context.beginPath();
    for (const [dx, dy] of ARROW) {
      context.lineTo(x + dx, y + dy);
    }
    context.closePath();
    context.fillStyle = POINTER;
    context.strokeStyle = PAPER;
    context.lineWidth = 1.6;
    context.lineJoin = "round";
    context.fill();
    context.stroke();
    context.font = "600 12px sans-serif";
    context.textBaseline = "middle";
    const width = Math.min(MAX_NAME_PX, context.measureText(name).width);
    context.beginPath();
    context.roundRect(x + 11, y + 17, width + 12, 20, 6);
    context.fill();
    context.fillStyle = PAPER;
    context.fillText(name, x + 17, y + 27.5, MAX_NAME_PX);
  }

  #paintDots(right, bottom) {
    const { x, y, scale } = this.view;
    let step = DOT_STEP;
    while (step * scale < 22) {
      step *= 4;
    }
    this.#context.fillStyle = DOT;
    const side = 2 / scale;
    for (let dotX = Math.floor(x / step) * step; dotX < right + step; dotX += step) {
      for (let dotY = Math.floor(y / step) * step; dotY < bottom + step; dotY += step) {
        this.#context.fillRect(dotX - side / 2, dotY - side / 2, side, side);
      }
    }
  }
}

function isWithin(bounds, left, top, right, bottom) {
  return bounds.right >= left && bounds.left <= right && bounds.bottom >= top && bounds.top <= bottom;
}
