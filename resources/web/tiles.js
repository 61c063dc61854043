// The pictures of the people in a call.

const ASPECT_MIN = 0.9;
const ASPECT_MIN_ALONE = 0.5;
const ASPECT_MAX = 16 / 9;
const LEAST_VISIBLE = 0.6; // a picture that would lose more than the rest of it is shown whole, with borders
const GAP_PX = 10;
const FLOATING_MIN_PX = 200;
const HUES = 6;

/** One person's picture, name and state. */
export class Tile {
  #video;
  #muted = false;
  #videoMuted = true;
  #own;
  #observer = new ResizeObserver(() => this.#show());

  /** Events of the element: "sound-blocked" when the browser wants a click before it plays sound. */
  constructor(template, { userId, name, own = false }) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.dataset.user = userId;
    this.element.classList.toggle("own", own);
    this.element.classList.add(`hue-${hueOf(userId)}`);
    this.#video = this.element.querySelector("video");
    this.#own = own;
    this.#video.muted = own; // nobody wants to hear their own voice
    for (const event of ["resize", "loadeddata", "emptied"]) {
      this.#video.addEventListener(event, () => this.#show());
    }
    this.#observer.observe(this.element);
    this.update({ name, audioMuted: false, videoMuted: true });
  }

  /** `label` stands on the tile where it is not the name itself. */
  update({ name, label = name, audioMuted, videoMuted }) {
    this.#muted = audioMuted;
    this.#videoMuted = videoMuted;
    this.element.querySelector(".tile-name").textContent = label;
    this.element.querySelector(".avatar span").textContent = initials(name);
    this.#video.setAttribute("aria-label", `Picture of ${name}`);
    this.#show();
  }

  setState(words, failed = false) {
    const line = this.element.querySelector(".tile-state");
    line.textContent = words;
    line.hidden = words === "";
    this.element.classList.toggle("failed", failed);
  }

  setStream(stream) {
    if (this.#video.srcObject !== stream) {
      this.#video.srcObject = stream; // setting it again would make the picture blink
    }
    this.#play();
  }

  /** Play with sound; the browser allows it after a click. */
  playAloud() {
    this.#video.muted = this.#own;
    this.#play();
  }

  async #play() {
    if (this.#video.srcObject === null) {
      return;
    }
    try {
      await this.#video.play();
    } catch (error) {
      // A page that uses no device and was never clicked may show pictures, but not make a sound.
      if (error.name === "NotAllowedError" && !this.#video.muted) {
        this.#video.muted = true;
        this.element.dispatchEvent(new CustomEvent("sound-blocked", { bubbles: true }));
        this.#play();
      }
    }
  }

  remove() {
    this.#observer.disconnect();
    this.#video.srcObject = null;
    this.element.remove();
  }

  #show() {
    const { videoWidth, videoHeight } = this.#video;
    this.element.classList.toggle("muted", this.#muted);
    this.element.classList.toggle("camera-off", this.#videoMuted);
    this.element.classList.toggle("no-picture", this.#videoMuted || videoWidth === 0);
    const change = (videoWidth / videoHeight) * (this.element.clientHeight / this.element.clientWidth);
    this.element.classList.toggle("whole", Math.min(change, 1 / change) < LEAST_VISIBLE);
  }
}

/** Keeps tiles as large as the room for them allows. */
export function keepArranged(list) {
  const arrange = () => {
    // Two people: the own picture floats in a corner, where there is room for one.
    const floating = list.children.length === 2 && list.clientHeight >= FLOATING_MIN_PX;
    list.classList.toggle("floating", floating);
    const count = floating ? 1 : list.children.length;
    const room = list.getBoundingClientRect(); // clientWidth may be rounded up, and a row would not fit
    const { width, height } = bestSize(count, Math.floor(room.width), Math.floor(room.height));
    list.style.setProperty("--tile-width", `${width}px`);
    list.style.setProperty("--tile-height", `${height}px`);
    list.style.setProperty("--margin-x", `${(list.clientWidth - width) / 2}px`);
    list.style.setProperty("--margin-y", `${(list.clientHeight - height) / 2}px`);
  };
  new ResizeObserver(arrange).observe(list);
  new MutationObserver(arrange).observe(list, { childList: true });
}

/** The largest tile, in px, so that `count` of them fit into width x height in rows. */
export function bestSize(count, width, height) {
  let best = { width: 0, height: 0 };
  const aspectMin = count === 1 ? ASPECT_MIN_ALONE : ASPECT_MIN;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    let w = (width - GAP_PX * (columns - 1)) / columns;
    let h = (height - GAP_PX * (rows - 1)) / rows;
    if (w > h * ASPECT_MAX) {
      w = h * ASPECT_MAX;
    } else if (w < h * aspectMin) {
      h = w / aspectMin;
    }
    if (w * h > best.width * best.height) {
      best = { width: Math.floor(w), height: Math.floor(h) };
    }
  }
  return best;
}

function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => Array.from(word)[0].toUpperCase()).join("");
}

function hueOf(userId) {
  let sum = 0;
  for (const char of userId) {
    sum = (sum * 31 + char.codePointAt(0)) % 9973;
  }
  return sum % HUES;
}
