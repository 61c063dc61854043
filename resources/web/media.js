// This person's camera and microphone.

const VIDEO = { width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 30, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

const PLAN = {
  audio: { inputKind: "audioinput", constraints: AUDIO },
  video: { inputKind: "videoinput", constraints: VIDEO },
};

/** Choice of no device at all. */
export const NONE = "none";

/**
 * At most one track of each kind.
 * Events: "change" (detail: "audio" or "video") whenever tracks[kind] or problems[kind] is another one.
 */
export class LocalMedia extends EventTarget {
  tracks = { audio: null, video: null };
  problems = { audio: null, video: null }; // the error of the last attempt, or null
  choice = { audio: "", video: "" }; // a device id, "" for the default one, or NONE
  #chain = Promise.resolve();

  /** Open both. One permission question, where that is possible; one missing device does not cost the other. */
  openBoth() {
    return this.#enqueue(async () => {
      const wanted = ["audio", "video"].filter((kind) => this.tracks[kind] === null && this.choice[kind] !== NONE);
      if (wanted.length === 2) {
        try {
          const stream = await request({ audio: this.#constraints("audio"), video: this.#constraints("video") });
          this.#take("audio", stream.getAudioTracks()[0]);
          this.#take("video", stream.getVideoTracks()[0]);
          return;
        } catch {
          // Which of the two it was shows when each is asked for alone.
        }
      }
      for (const kind of wanted) {
        await this.#openOne(kind);
      }
    });
  }

  /** Open one kind again, as chosen; the old track is stopped first, since some devices open only once. */
  open(kind) {
    return this.#enqueue(() => this.#openOne(kind));
  }

  /** Stop one kind: the device's light goes out. */
  close(kind) {
    return this.#enqueue(async () => {
      this.#drop(kind);
      this.#changed(kind);
    });
  }

  closeBoth() {
    return this.#enqueue(async () => {
      this.#drop("audio");
      this.#drop("video");
    });
  }

  /** The devices of one kind: [{ id, label }], without labels until the person has given permission. */
  async devices(kind) {
    if (!navigator.mediaDevices?.enumerateDevices) {
      return [];
    }
    const all = await navigator.mediaDevices.enumerateDevices();
    return all
      .filter((device) => device.kind === PLAN[kind].inputKind && device.deviceId !== "")
      .map((device) => ({ id: device.deviceId, label: device.label }));
  }

  async #openOne(kind) {
    this.#drop(kind);
    this.problems[kind] = null;
    if (this.choice[kind] === NONE) {
      this.#changed(kind);
      return;
    }
    try {
      const stream = await request({ [kind]: this.#constraints(kind) });
      this.#take(kind, stream.getTracks()[0]);
    } catch (error) {
      this.problems[kind] = error;
      this.#changed(kind);
    }
  }

  #constraints(kind) {
    const id = this.choice[kind];
    return id === "" ? PLAN[kind].constraints : { ...PLAN[kind].constraints, deviceId: { exact: id } };
  }

  #take(kind, track) {
    this.tracks[kind] = track;
    this.problems[kind] = null;
    track.addEventListener("ended", () => {
      if (this.tracks[kind] === track) {
        this.tracks[kind] = null; // unplugged, or its permission was taken back
        this.problems[kind] = new DOMException("the device has gone", "OverconstrainedError");
        this.#changed(kind);
      }
    });
    this.#changed(kind);
  }

  #drop(kind) {
    const track = this.tracks[kind];
    this.tracks[kind] = null;
    track?.stop();
  }

  #changed(kind) {
    this.dispatchEvent(new CustomEvent("change", { detail: kind }));
  }

  #enqueue(step) {
    this.#chain = this.#chain.then(step, step);
    return this.#chain;
  }
}

async function request(constraints) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw Object.assign(new Error("getUserMedia is missing"), { name: "InsecureContext" });
  }
  return navigator.mediaDevices.getUserMedia(constraints);
}
