// Reactions and raised hands: the buttons, and what the tiles show.

const element = (id) => document.getElementById(id);
const SHOWN_MS = 4_000;
const REACTIONS = [
  ["👍", "Thumbs up"],
  ["❤️", "Heart"],
  ["😂", "Laughing"],
  ["😮", "Surprised"],
  ["👏", "Applause"],
  ["🎉", "Party"],
];

export class SignsView {
  #hub;
  #signs;

  constructor(hub, signs) {
    this.#hub = hub;
    this.#signs = signs;
    const box = element("reactions");
    for (const [emoji, label] of REACTIONS) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = emoji;
      button.setAttribute("aria-label", label);
      button.title = label;
      button.addEventListener("click", () => {
        signs.react(emoji);
        this.#open(false);
      });
      box.append(button);
    }
    element("react").addEventListener("click", () => this.#open(box.hidden));
    box.addEventListener("keydown", (event) => this.#moveBy(event));
    document.addEventListener("pointerdown", ({ target }) => {
      if (!box.hidden && !box.contains(target) && !element("react").contains(target)) {
        this.#open(false);
      }
    });
    element("hand").addEventListener("click", () => signs.raise(!signs.raised));
    signs.addEventListener("hand", ({ detail }) => this.#showHand(detail));
    signs.addEventListener("reaction", ({ detail }) => this.#showReaction(detail));
  }

  /** The call is over. */
  close() {
    this.#signs.raise(false);
    this.#open(false);
  }

  #open(open) {
    const box = element("reactions");
    const hadFocus = box.contains(document.activeElement);
    box.hidden = !open;
    element("react").setAttribute("aria-expanded", String(open));
    if (open) {
      box.querySelector("button").focus();
    } else if (hadFocus) {
      element("react").focus();
    }
  }

  #moveBy(event) {
    const buttons = Array.from(element("reactions").querySelectorAll("button"));
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") {
      this.#open(false);
    } else if (step !== undefined) {
      event.preventDefault();
      const at = buttons.indexOf(document.activeElement) + step;
      buttons.at(at % buttons.length).focus();
    }
  }

  #showHand({ userId, raised }) {
    const mark = tileOf(userId)?.querySelector(".tile-hand");
    if (mark) {
      mark.hidden = !raised;
    }
    if (userId === this.#hub.userId) {
      element("hand").classList.toggle("on", raised);
      element("hand").setAttribute("aria-pressed", String(raised));
      element("hand").title = raised ? "Lower hand" : "Raise hand";
    } else if (raised) {
      element("announcer").textContent = `${this.#hub.nameOf(userId)} raised a hand`;
    }
  }

  #showReaction({ userId, emoji }) {
    const tile = tileOf(userId);
    if (!tile) {
      return;
    }
    tile.querySelector(".tile-reaction")?.remove(); // the newest one only
    const mark = document.createElement("span");
    mark.className = "tile-reaction";
    mark.setAttribute("aria-hidden", "true");
    mark.textContent = emoji;
    tile.append(mark);
    setTimeout(() => mark.remove(), SHOWN_MS);
    if (userId !== this.#hub.userId) {
      element("announcer").textContent = `${this.#hub.nameOf(userId)} reacts: ${emoji}`;
    }
  }
}

function tileOf(userId) {
  return Array.from(element("tiles").children).find((tile) => tile.dataset.user === userId);
}
