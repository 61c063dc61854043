// The whiteboard in the call: its tools, and that it can be opened and closed.

import { save } from "../data/sinks.js";
import { BoardCanvas } from "./canvas.js";
import { Pens } from "./pens.js";

const COLORS = {
  "#1b212b": "Black",
  "#d62c2c": "Red",
  "#e07a12": "Orange",
  "#14924c": "Green",
  "#2563eb": "Blue",
  "#7c3aed": "Purple",
};
const WIDTHS = { 2: "Thin", 4: "Medium", 8: "Thick", 16: "Very thick" };
const TOOLS = {
  pen: "Pen",
  line: "Line",
  rectangle: "Rectangle",
  ellipse: "Ellipse",
  text: "Text",
  eraser: "Eraser",
  move: "Move the picture",
};
const SURE_MS = 4_000;
const ZOOM = 1.25;

const element = (id) => document.getElementById(id);

export class BoardView {
  #service;
  #picture;
  #choice = { tool: "pen", color: "#1b212b", width: 4 };
  #sureTimer = null;
  #wasOpened = false;
  #frame = 0;

  constructor(hub, service, pointers) {
    this.#service = service;
    const canvas = element("board-canvas");
    this.#picture = new BoardCanvas(canvas, service.board);
    new Pens(canvas, this.#picture, {
      service,
      pointers,
      choice: this.#choice,
      problem: (words) => this.#say(words),
    });
    pointers.addEventListener("change", () => {
      this.#picture.strokes = pointers.strokes();
      this.#picture.pointers = pointers.pointers().map(({ userId, x, y }) => ({ x, y, name: hub.nameOf(userId) }));
      this.#picture.draw();
    });
    this.#addChoices("board-tools", "tool", TOOLS, (button, tool) => setIcon(button, tool));
    this.#addChoices("board-colors", "color", COLORS, (button, color) => button.style.setProperty("--ink", color));
    this.#addChoices("board-widths", "width", WIDTHS, (button, width) => {
      button.style.setProperty("--dot", `${4 + Number(width) * 0.75}px`);
    });
    element("board-toggle").addEventListener("click", () => this.#show(element("board").hidden));
    element("board-undo").addEventListener("click", () => service.undo());
    element("board-redo").addEventListener("click", () => service.redo());
    element("board-clear").addEventListener("click", () => this.#clear());
    element("board-fit").addEventListener("click", () => this.#picture.fit());
    element("board-save").addEventListener("click", () => this.#save());
    element("board").addEventListener("keydown", (event) => this.#keyDown(event));
    service.addEventListener("change", ({ detail }) => this.#changed(detail));
    this.#showState();
  }

  /** The call is over. */
  close() {
    this.#show(false);
  }

  #show(open) {
    element("board").hidden = !open;
    element("board-toggle").setAttribute("aria-expanded", String(open));
    if (open) {
      element("board-news").hidden = true;
      this.#showState();
      if (!this.#wasOpened || !this.#picture.showsSomething()) {
        this.#picture.fit();
      }
      this.#wasOpened = true;
      element("board-canvas").focus();
    }
  }

  #changed(ops) {
    this.#picture.changed();
    if (!element("board").hidden) {
      // Messages may come faster than pictures are shown, and whether there is something to see costs a look at all.
      this.#frame ||= requestAnimationFrame(() => {
        this.#frame = 0;
        this.#showState();
      });
    } else if (ops.length > 0) {
      element("board-news").hidden = false;
    }
  }

  #showState() {
    element("board-undo").disabled = !this.#service.canUndo;
    element("board-redo").disabled = !this.#service.canRedo;
    const count = this.#picture.shapes.length;
    element("board-clear").disabled = count === 0;
    element("board-save").disabled = count === 0;
    element("board-canvas").setAttribute("aria-label", `Whiteboard with ${count} ${count === 1 ? "shape" : "shapes"}`);
  }

  #addChoices(boxId, field, choices, dress) {
    const box = element(boxId);
    const buttons = Object.entries(choices).map(([value, label]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.value = value;
      button.title = label;
      button.setAttribute("aria-label", label);
      dress(button, value);
      button.addEventListener("click", () => {
        this.#choice[field] = field === "width" ? Number(value) : value;
        mark();
      });
      return button;
    });
    const mark = () => {
      for (const button of buttons) {
        button.setAttribute("aria-pressed", String(button.value === String(this.#choice[field])));
      }
      if (field === "tool") {
        element("board-canvas").dataset.tool = this.#choice.tool;
      }
    };
    box.append(...buttons);
    mark();
  }

  /** Everybody's drawing goes: a second click is wanted. */
  #clear() {
    const button = element("board-clear");
    const isSure = button.classList.contains("sure");
    clearTimeout(this.#sureTimer);
    const forget = () => {
      button.classList.remove("sure");
      button.querySelector("span").textContent = "Clear";
    };
    if (isSure) {
      forget();
      this.#service.clear();
      return;
    }
    button.classList.add("sure");
    button.querySelector("span").textContent = "Clear for everybody?";
    this.#say("Press again to clear the whiteboard for everybody.");
    this.#sureTimer = setTimeout(forget, SURE_MS);
  }

  async #save() {
    const blob = await this.#picture.toPng();
    if (blob !== null) {
      const url = URL.createObjectURL(blob);
      save(url, "whiteboard.png");
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    }
  }

  #keyDown(event) {
    const { clientWidth, clientHeight } = element("board-canvas");
    const zoom = { "+": ZOOM, "=": ZOOM, "-": 1 / ZOOM }[event.key];
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      this.#service[event.shiftKey ? "redo" : "undo"]();
    } else if ((event.ctrlKey || event.metaKey) && event.key === "y") {
      this.#service.redo();
    } else if (event.ctrlKey || event.metaKey || event.target.id !== "board-canvas") {
      return;
    } else if (zoom !== undefined) {
      this.#picture.zoomBy(zoom, clientWidth / 2, clientHeight / 2);
    } else if (step !== undefined) {
      this.#picture.moveBy(...step);
    } else {
      return;
    }
    event.preventDefault();
  }

  #say(words) {
    element("announcer").textContent = words;
  }
}

function setIcon(button, tool) {
  const icon = element("icon-template").content.firstElementChild.cloneNode(true);
  icon.querySelector("use").setAttribute("href", `#icon-${tool}`);
  button.append(icon);
}
