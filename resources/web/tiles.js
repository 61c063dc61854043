// The pictures of the people in a call.

const LEAST_VISIBLE = 0.6; // a picture that would lose more than the rest of it is shown whole, with borders
const HUES = 6;

/** One person's picture, name and state. */
export class Tile {
  #video;
  #name = "";
  #pinned = false;
  #next = null; // takes the place of #video when its first picture is there
  #track = null;
  #audio;
  #muted = false;
  #videoMuted = true;
  #screen = false;
  #own;
  #observer = new ResizeObserver(() => this.#show());

  /**
   * Events of the element: "sound-blocked" when the browser wants a click before it plays sound, "pin" when the person
   * wants to see this one large, or no longer.
   */
  constructor(template, { userId, name, own = false }) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.dataset.user = userId;
    this.element.classList.toggle("own", own);
    this.element.classList.add(`hue-${hueOf(userId)}`);
    this.#audio = this.element.querySelector("audio");
    this.#adopt(this.element.querySelector("video"));
    const pin = this.element.querySelector(".tile-pin");
    if (own) {
      this.#audio.remove(); // nobody wants to hear their own voice
      pin.remove();
    } else {
      pin.addEventListener("click", () => this.#wantPin());
      this.element.addEventListener("dblclick", ({ target }) => target.closest("button") ?? this.#wantPin());
    }
    this.#observer.observe(this.element);
    this.update({ name, audioMuted: false, videoMuted: true });
  }

  /** `label` stands on the tile where it is not the name itself. Of a `screen` nothing is cut off. */
  update({ name, label = name, audioMuted, videoMuted, screen = false }) {
    this.#screen = screen;
    this.#muted = audioMuted;
    this.#videoMuted = videoMuted;
    this.element.querySelector(".tile-name").textContent = label;
    this.element.querySelector(".avatar span").textContent = initials(name);
    this.#name = name;
    for (const video of this.element.querySelectorAll("video")) {
      video.setAttribute("aria-label", `Picture of ${name}`);
    }
    this.#sayPin();
    this.#show();
  }

  /** Whether this one is large because the person wants it so. */
  setPinned(pinned) {
    this.#pinned = pinned;
    this.element.classList.toggle("pinned", pinned);
    this.#sayPin();
  }

  setSpeaking(speaking) {
    this.element.classList.toggle("speaking", speaking);
  }

  setState(words, failed = false) {
    const line = this.element.querySelector(".tile-state");
    line.textContent = words;
    line.hidden = words === "";
    this.element.classList.toggle("failed", failed);
  }

  /** Let a track be heard, or none. */
  setSound(track) {
    this.#audio.srcObject = track === null ? null : new MediaStream([track]);
    this.#playSound();
  }

  /**
   * Show a track, or none. What is there stays until the first picture of the track is; null takes it away at once.
   */
  setPicture(track) {
    if (track === this.#track) {
      if (track !== null && this.#video.paused && this.#next === null) {
        this.#play(this.#video, track); // it was held
      }
      return; // setting it again would make the picture blink
    }
    this.#track = track;
    this.#dropNext();
    if (track === null || this.#video.srcObject === null || this.#video.videoWidth === 0) {
      this.#play(this.#video, track);
      return;
    }
    const next = this.#video.cloneNode();
    next.classList.add("next");
    this.#next = next;
    this.#video.after(next);
    const swap = () => {
      if (next === this.#next) {
        this.#next = null;
        next.classList.remove("next");
        this.#video.remove();
        this.#video.srcObject = null;
        this.#adopt(next);
        this.#show();
      }
    };
    next.requestVideoFrameCallback?.(swap);
    next.addEventListener("loadeddata", swap, { once: true }); // where nothing is painted, as in the background
    this.#play(next, track);
  }

  /** Keep the picture of this moment, also when its track ends, until another one comes. */
  holdPicture() {
    this.#video.pause();
  }

  /** Play with sound; the browser allows it after a click. */
  playAloud() {
    this.#audio.muted = false;
    this.#playSound();
  }

  #adopt(video) {
    this.#video = video;
    video.muted = true; // the sound is apart from it
    for (const event of ["resize", "loadeddata", "emptied"]) {
      video.addEventListener(event, () => this.#show());
    }
  }

  #dropNext() {
    if (this.#next !== null) {
      this.#next.remove();
      this.#next.srcObject = null;
      this.#next = null;
    }
  }

  async #play(video, track) {
    video.muted = true;
    video.srcObject = track === null ? null : new MediaStream([track]);
    if (track !== null) {
      try {
        await video.play();
      } catch (error) {
        if (error.name !== "AbortError") {
          console.info("a picture does not play", error.name); // another one came meanwhile, otherwise
        }
      }
    }
  }

  async #playSound() {
    if (this.#audio.srcObject === null) {
      return;
    }
    try {
      await this.#audio.play();
    } catch (error) {
      // A page that uses no device and was never clicked may show pictures, but not make a sound.
      if (error.name === "NotAllowedError") {
        this.#audio.muted = true;
        this.element.dispatchEvent(new CustomEvent("sound-blocked", { bubbles: true }));
      }
    }
  }

  #wantPin() {
    this.element.dispatchEvent(new CustomEvent("pin", { bubbles: true, detail: this.element.dataset.user }));
  }

  #sayPin() {
    const pin = this.element.querySelector(".tile-pin");
    const words = this.#pinned ? `Do not keep ${this.#name} large` : `Keep ${this.#name} large`;
    pin?.setAttribute("aria-pressed", String(this.#pinned));
    pin?.setAttribute("aria-label", words);
    pin?.setAttribute("title", words);
  }

  remove() {
    this.#observer.disconnect();
    this.#dropNext();
    this.#video.srcObject = null;
    this.#audio.srcObject = null;
    this.element.remove();
  }

  #show() {
    const { videoWidth, videoHeight } = this.#video;
    this.element.classList.toggle("muted", this.#muted);
    this.element.classList.toggle("camera-off", this.#videoMuted);
    this.element.classList.toggle("no-picture", this.#videoMuted || videoWidth === 0);
    const change = (videoWidth / videoHeight) * (this.element.clientHeight / this.element.clientWidth);
    this.element.classList.toggle("whole", this.#screen || Math.min(change, 1 / change) < LEAST_VISIBLE);
  }
}

export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => Array.from(word)[0].toUpperCase()).join("");
}

export function hueOf(userId) {
  let sum = 0;
  for (const char of userId) {
    sum = (sum * 31 + char.codePointAt(0)) % 9973;
  }
  return sum % HUES;
}
