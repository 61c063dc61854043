// What a pointer does on the whiteboard: draw, rub out, write, move the picture. Two fingers move and zoom it.

import { fontPx, isMet, simplify } from "./shapes.js";

const ERASER_PX = 8;
const TOLERANCE_PX = 0.6;
const GAP_PX = 24;
const DRAFT_TOOLS = new Set(["pen", "line", "rectangle", "ellipse"]);

/**
 * `choice` has tool, color and width; `service` is the BoardService, `pointers` the PointerService; problem(words)
 * tells the person.
 */
export class Pens {
  #canvas;
  #picture;
  #service;
  #pointers;
  #choice;
  #problem;
  #fingers = new Map();
  #points = [];
  #last = null;
  #writing = null;

  constructor(canvas, picture, { service, pointers, choice, problem }) {
    this.#canvas = canvas;
    this.#picture = picture;
    this.#service = service;
    this.#pointers = pointers;
    this.#choice = choice;
    this.#problem = problem;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerleave", (event) => {
      pointers.point(...picture.toBoard(...this.#place(event)), false);
    });
    canvas.addEventListener("pointerup", (event) => this.#up(event, true));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, false));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #down(event) {
    if (event.button > 1) {
      return;
    }
    event.preventDefault();
    if (this.#finishWriting()) {
      return; // a click beside the text ends it
    }
    this.#canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, this.#place(event));
    if (this.#fingers.size > 1 || event.button === 1) {
      this.#abandon();
      return;
    }
    const point = this.#picture.toBoard(...this.#place(event));
    const { tool } = this.#choice;
    this.#last = point;
    if (DRAFT_TOOLS.has(tool)) {
      this.#points = [point];
      this.#drawDraft();
    } else if (tool === "eraser") {
      this.#rub(point);
    }
  }

  #move(event) {
    this.#pointers.point(...this.#picture.toBoard(...this.#place(event)));
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) {
      return;
    }
    const place = this.#place(event);
    if (this.#fingers.size > 1) {
      this.#pinch(event.pointerId, before, place);
    } else if (this.#last === null || this.#choice.tool === "move") {
      this.#picture.moveBy(place[0] - before[0], place[1] - before[1]);
    } else {
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length > 0 ? events : [event]) {
        this.#goOn(this.#picture.toBoard(...this.#place(one)));
      }
    }
    this.#fingers.set(event.pointerId, place);
  }

  #up(event, counts) {
    if (!this.#fingers.delete(event.pointerId) || this.#last === null) {
      return;
    }
    const { tool } = this.#choice;
    if (!counts) {
      this.#abandon();
    } else if (tool === "text") {
      this.#write(this.#last);
    } else if (tool === "eraser") {
      const ids = Array.from(this.#picture.rubbed, ({ site, seq }) => [site, seq]);
      if (ids.length > 0) {
        this.#service.rub(ids);
      }
    } else if (this.#picture.draft !== null) {
      this.#draw(this.#draft(true));
    }
    this.#abandon();
  }

  #goOn(point) {
    const { tool } = this.#choice;
    if (tool === "pen") {
      this.#points.push(point);
      this.#drawDraft();
    } else if (DRAFT_TOOLS.has(tool)) {
      this.#points = [this.#points[0], point];
      this.#drawDraft();
    } else if (tool === "eraser") {
      this.#rub(point);
    }
    this.#last = point;
  }

  #drawDraft() {
    this.#picture.draft = this.#draft(false);
    this.#pointers.showStroke(this.#picture.draft);
    this.#picture.draw();
  }

  #draft(isFinished) {
    const { tool, color, width } = this.#choice;
    let points = this.#points;
    if (tool === "pen" && isFinished) {
      points = simplify(points, TOLERANCE_PX / this.#picture.view.scale, GAP_PX / this.#picture.view.scale);
    } else if (tool !== "pen") {
      points = [points[0], points.at(-1)];
    }
    return { tool, color, width, points: points.flat(), text: "" };
  }

  #draw(shape) {
    if (!this.#service.draw(shape)) {
      const isFull = this.#service.board.isFull;
      this.#problem(isFull ? "The whiteboard is full: nothing can be added to it." : "This cannot be drawn here.");
    }
  }

  #rub(point) {
    const radius = ERASER_PX / this.#picture.view.scale;
    for (const op of this.#picture.shapes) {
      if (!this.#picture.rubbed.has(op) && isMet(op.shape, this.#picture.boundsOf(op), this.#last, point, radius)) {
        this.#picture.rubbed.add(op);
      }
    }
    this.#picture.draw();
  }

  /** What was begun comes to nothing. */
  #abandon() {
    this.#points = [];
    this.#last = null;
    if (this.#picture.draft !== null) {
      this.#pointers.showStroke(null);
    }
    this.#picture.draft = null;
    this.#picture.rubbed.clear();
    this.#picture.draw();
  }

  #pinch(moved, before, place) {
    const [[otherId, other]] = Array.from(this.#fingers).filter(([id]) => id !== moved);
    const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
    this.#picture.moveBy((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
    const middle = [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
    this.#picture.zoomBy(apart(place) / apart(before), ...middle);
    this.#fingers.set(otherId, other);
  }

  #wheel(event) {
    event.preventDefault();
    if (event.ctrlKey) {
      this.#picture.zoomBy(Math.exp(-event.deltaY / 200), ...this.#place(event));
    } else {
      this.#picture.moveBy(-event.deltaX, -event.deltaY);
    }
  }

  #place(event) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** A field over the board, in the size of the letters to be. */
  #write([x, y]) {
    const { color, width } = this.#choice;
    const { view } = this.#picture;
    const field = document.createElement("textarea");
    field.className = "board-text";
    field.rows = 1;
    field.maxLength = 500;
    field.setAttribute("aria-label", "Text on the whiteboard");
    field.style.left = `${(x - view.x) * view.scale}px`;
    field.style.top = `${(y - view.y) * view.scale}px`;
    field.style.fontSize = `${fontPx(width) * view.scale}px`;
    field.style.color = color;
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") {
        field.value = "";
      }
      if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey && !event.isComposing)) {
        event.preventDefault();
        this.#finishWriting();
        this.#canvas.focus();
      }
    });
    field.addEventListener("blur", () => this.#finishWriting());
    this.#canvas.after(field);
    this.#writing = { field, shape: { tool: "text", color, width, points: [x, y] } };
    field.focus();
  }

  #finishWriting() {
    const writing = this.#writing;
    if (writing === null) {
      return false;
    }
    this.#writing = null;
    const text = writing.field.value.trim();
    writing.field.remove();
    if (text !== "") {
      this.#draw({ ...writing.shape, text });
    }
    return true;
  }
}
