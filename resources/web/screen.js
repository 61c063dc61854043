// This person's screen, shown to everybody; and whose screens are where.

const VIDEO = { width: { max: 1280 }, height: { max: 720 }, frameRate: { max: 15 } };

/** Event "change": it is shown, or no longer. */
export class OwnScreen extends EventTarget {
  track = null;

  /** Whether this browser can show a screen. */
  static get isPossible() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /** Let the person choose; rejects with an Error when there is nothing to show, or they would rather not. */
  async start() {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: VIDEO, audio: false });
    this.stop();
    const [track] = stream.getVideoTracks();
    track.contentHint = "detail"; // text has to stay sharp, so pictures become fewer first
    track.addEventListener("ended", () => this.track === track && this.stop()); // by the browser's own button
    this.track = track;
    this.dispatchEvent(new Event("change"));
  }

  stop() {
    const { track } = this;
    if (track !== null) {
      this.track = null;
      track.stop();
      this.dispatchEvent(new Event("change"));
    }
  }
}

const MARK = "\0"; // no user id has it

/** The name of somebody's screen among those of the tiles. */
export function screenKey(userId) {
  return MARK + userId;
}

/** Whose screen it is; null for a person's tile. */
export function sharerOf(key) {
  return key.startsWith(MARK) ? key.slice(MARK.length) : null;
}

/**
 * Which track a person's own tile shows. In a mesh a screen comes in place of the camera's picture: while the room goes
 * from one way to the other, what comes by the new one is something else.
 */
export function pictureOf({ screen, paths }, { mode, sfu }) {
  const way = mode === "mesh" ? "mesh" : sfu?.path;
  return (screen && way !== undefined ? paths.trackOf(way, "video") : null) ?? paths.current.video;
}
