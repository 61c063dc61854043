// What this page sends to the SFU: sound, camera, a small picture of the camera, and a screen.

import { SfuLink } from "./link.js";
import { silentTrack } from "./silence.js";

const CAMERA_BPS = 1_700_000; // 960 x 540; VP8 gains nothing to see above it
const THUMBNAIL_BPS = 150_000;
const SCREEN_BPS = 1_500_000; // 1280 x 720 at 15 pictures a second
const THUMBNAIL_HEIGHT_PX = 180;
const THUMBNAIL_FPS = 15;
const SLOTS = [
  { kind: "audio", media: "audio" },
  { kind: "camera", media: "video", encoding: { maxBitrate: CAMERA_BPS } },
  { kind: "thumbnail", media: "video", encoding: { maxBitrate: THUMBNAIL_BPS, maxFramerate: THUMBNAIL_FPS } },
  { kind: "screen", media: "video", source: "screen", encoding: { maxBitrate: SCREEN_BPS } },
];

/** `tracks` are { audio, video, screen }, each a track or null; without `screen` there is no line for one. Nothing of a picture is encoded until somebody watches it. */
export class Publisher extends SfuLink {
  #tracks;
  #lines;
  #watched = new Set();
  #slots = new Map(); // kind to transceiver
  #silence = null;
  #number = 0; // of the newest publication
  #onClick = () => this.#silence ?? this.enqueue(() => this.#fill());

  constructor(options) {
    super("publish", options);
    this.#tracks = { ...options.tracks };
    this.#lines = SLOTS.filter(({ kind }) => kind !== "screen" || "screen" in options.tracks);
    addEventListener("click", this.#onClick);
    this.enqueue(() => this.begin());
  }

  /** Send another track, or none, from now on. No renegotiation: the m-lines are always there. */
  setTrack(kind, track) {
    this.#tracks[kind] = track;
    this.enqueue(() => this.#fill());
  }

  /** The server's answer to the publication `number`; 0 of a server that does not say. */
  published(sdp, number = 0) {
    this.enqueue(async () => {
      const current = number === 0 || number === this.#number;
      if (current && this.connection?.signalingState === "have-local-offer") {
        this.settled();
        await this.connection.setRemoteDescription({ type: "answer", sdp });
      }
    });
  }

  /** Which pictures somebody watches: the others are not encoded. */
  watched(kinds) {
    this.#watched = kinds;
    this.enqueue(() => this.#fill());
  }

  /** The kinds that are encoded now. */
  get sending() {
    const active = ([, { sender }]) => sender.track !== null && sender.getParameters().encodings[0]?.active !== false;
    return Array.from(this.#slots).filter(active).map(([kind]) => kind);
  }

  close() {
    super.close();
    removeEventListener("click", this.#onClick);
    this.#silence?.stop();
  }

  async begin() {
    const connection = this.open();
    const stream = new MediaStream();
    for (const { kind, media, encoding } of this.#lines) {
      const sendEncodings = encoding && [{ ...encoding, active: this.#watched.has(kind) }];
      const init = { direction: "sendonly", streams: [stream], ...(sendEncodings && { sendEncodings }) };
      this.#slots.set(kind, connection.addTransceiver(media, init));
    }
    await this.#fill();
    await connection.setLocalDescription();
    if (connection === this.connection) {
      const tracks = Array.from(this.#slots, ([kind, { mid }]) => ({ mid, kind }));
      this.#number += 1;
      this.send("sfu-publish", { sdp: connection.localDescription.sdp, tracks, number: this.#number });
    }
  }

  forget() {
    this.#slots.clear();
  }

  async #fill() {
    for (const { kind, media, source = media, encoding } of this.#lines) {
      const sender = this.#slots.get(kind)?.sender;
      if (sender === undefined) {
        continue;
      }
      const track = this.#tracks[source] ?? (kind === "audio" ? this.#silent() : null);
      if (sender.track !== track) {
        await sender.replaceTrack(track);
      }
      if (encoding) {
        await this.#limit(sender, kind, track);
      }
    }
  }

  async #limit(sender, kind, track) {
    const parameters = sender.getParameters();
    const [encoding] = parameters.encodings;
    const active = this.#watched.has(kind);
    const height = track?.getSettings().height ?? THUMBNAIL_HEIGHT_PX;
    const scale = kind === "thumbnail" ? Math.max(1, height / THUMBNAIL_HEIGHT_PX) : 1;
    if (encoding && (encoding.active !== active || (encoding.scaleResolutionDownBy ?? 1) !== scale)) {
      encoding.active = active;
      encoding.scaleResolutionDownBy = scale;
      await sender.setParameters(parameters);
    }
  }

  /** The others know by the sound that our path works, also when we have no microphone. */
  #silent() {
    this.#silence ??= silentTrack();
    return this.#silence?.track ?? null;
  }
}
