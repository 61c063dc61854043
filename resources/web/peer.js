// The connection to one other participant, over all RTCPeerConnections that carry it one after the other. Whoever was
// in the room before offers, and offers again when it has fallen silent (docs/recovery.md).

import { Attempt, KINDS } from "./attempt.js";
import { randomId } from "./ids.js";
import { LOOK_MS, Liveness } from "./liveness.js";
import { Schedule } from "./schedule.js";
import { candidateData, readSignal } from "./signal_data.js";

const CONNECT_MS = 15_000;
const ANSWER_MS = 2_500; // without an answer for so long another offer is made
const ASKED_MS = 1_000; // the same, when they say that they have none
const TRIAL_MS = 6_000; // what was answered has this long to come up
const OVERLAP_MS = 2_000;

/**
 * Events: "state" (detail: new, waiting, connecting, connected, unstable, reconnecting, failed, closed), "stream",
 * "opening" (detail: an RTCPeerConnection that is not yet described: the time to open data channels on it),
 * "connection" (another one is in use), "report" (detail: an RTCStatsReport of it, about twice a second), "quiet"
 * (hardly anything is going to and fro: the time to say something).
 */
export class Peer extends EventTarget {
  #options;
  #send;
  #tracks = { audio: null, video: null };
  #sending;
  #localStream = new MediaStream();
  #current = null;
  #next = null; // beside it, and not up yet
  #before = new Set(); // was in use a moment ago
  #offersFirst = false;
  #wanted = false; // another connection, although this one lives
  #chain = Promise.resolve();
  #timer = null;
  #lookTimer = null;
  #liveness = new Liveness();
  #schedule = new Schedule(() => this.#recover());

  state = "new";
  /** When it became so, by performance.now(). */
  stateSinceMs = performance.now();
  /** Whether the far end answers what we say when it is quiet. */
  keptAlive = false;

  /** `send` takes the `data` of a signal message; `tracks` are { audio, video }, each a track or null. */
  constructor({ iceServers, tracks, send, sending = true, certificate = null }) {
    super();
    this.#options = { iceServers, certificate, localStream: this.#localStream };
    this.#send = send;
    this.#tracks = { ...tracks };
    this.#sending = sending;
  }

  /** The RTCPeerConnection in use, or null. */
  get connection() {
    return this.#current?.connection ?? null;
  }

  /** What comes by it. */
  get stream() {
    return this.#current?.stream ?? new MediaStream();
  }

  /** Whether something came through the connection a moment ago. */
  get lives() {
    return this.state === "connected" || this.state === "unstable";
  }

  /** Whether it was ever up. */
  get hasLived() {
    return this.#current?.lived ?? false;
  }

  /** Begin: we were here before. */
  offer() {
    this.#offersFirst = true;
    this.#enqueue(() => this.#offer());
  }

  /** Wait: the other one was here before and will offer. */
  expectOffer() {
    this.#startTimer("waiting");
  }

  /** Act on the data of a signal message from this participant. */
  receive(data) {
    const signal = readSignal(data);
    if (signal !== null && this.state !== "closed") {
      this.#enqueue(() => this.#receive(signal));
    }
  }

  /** Send another track, or null for none, from now on. No renegotiation: the transceivers are always there. */
  setTrack(kind, track) {
    this.#tracks[kind] = track;
    this.#fill([kind]);
  }

  /** Send the tracks by this connection, or nothing, while they travel by another way. The data channels go on. */
  setSending(sending) {
    if (sending !== this.#sending) {
      this.#sending = sending;
      this.#fill(KINDS);
    }
  }

  /** The m-line by which a track of `stream` comes. */
  midOf(track) {
    return this.#current?.midOf(track) ?? null;
  }

  /** The network is another one: what lives may be dead in a moment. */
  networkChanged() {
    if (this.#current?.lived) {
      this.#wanted = true;
      this.hurry();
    }
  }

  /** The way for signals is there again: try at once what is being tried. */
  hurry() {
    if (this.#schedule.running) {
      this.#schedule.hurry();
    } else if (this.#wanted) {
      this.#recover();
    }
  }

  close() {
    this.#setState("closed");
    this.#schedule.stop();
    clearTimeout(this.#timer);
    clearTimeout(this.#lookTimer);
    for (const attempt of this.#attempts()) {
      attempt.close();
    }
  }

  #attempts() {
    return [this.#next, this.#current, ...this.#before].filter((attempt) => attempt !== null);
  }

  /** What we send at the moment. */
  #sent() {
    return this.#sending ? this.#tracks : { audio: null, video: null };
  }

  #fill(kinds) {
    this.#enqueue(async () => {
      for (const attempt of this.#attempts().filter(({ isOver }) => !isOver)) {
        for (const kind of kinds) {
          await attempt.whileItLasts(attempt.fill(kind, this.#sent()[kind]));
        }
      }
    });
  }

  /** Whether it is ours to offer when the connection has to be made again. */
  get #offers() {
    return this.#current?.offered ?? this.#offersFirst;
  }

  /** What is not up yet, and may come up. */
  get #trial() {
    return this.#next ?? (this.#current?.lived ? null : this.#current);
  }

  #recover() {
    if (!this.#offers) {
      const session = this.#current?.session ?? null;
      this.#send({ type: "reconnect", ...(session === null ? {} : { session }) });
    } else if (!this.#mayComeUp(ANSWER_MS)) {
      this.#enqueue(() => this.#offer());
    }
  }

  #mayComeUp(answerMs) {
    const trial = this.#trial;
    return trial !== null && !trial.isOver && trial.ageMs < (trial.isUnanswered ? answerMs : TRIAL_MS);
  }

  async #offer() {
    const attempt = this.#begin(randomId(), true);
    await this.#negotiate(attempt, () => attempt.offer(this.#sent()));
  }

  async #receive(signal) {
    if (signal.kind === "offer") {
      await this.#answer(signal);
    } else if (signal.kind === "reconnect") {
      if (this.#offers && this.#current !== null && !this.#mayComeUp(ASKED_MS)) {
        await this.#offer();
      }
    } else {
      const attempt = this.#attemptOf(signal);
      if (attempt !== undefined && signal.kind === "answer") {
        await this.#negotiate(attempt, () => attempt.accept(signal.sdp));
      } else {
        await attempt?.whileItLasts(attempt.take(signal.candidate));
      }
    }
  }

  async #answer({ sdp, ...signal }) {
    if (this.#offers && this.#trial?.isUnanswered) {
      return; // it is ours to offer, and our offer stands
    }
    let attempt = this.#attemptOf(signal);
    if (attempt === undefined || attempt.isReborn(sdp)) {
      attempt = this.#begin(signal.session, false);
    }
    await this.#negotiate(attempt, () => attempt.answer(sdp, this.#sent()));
  }

  /** Whom a signal is for; a client without sessions means the newest. */
  #attemptOf({ session }) {
    return this.#attempts().find((each) => session === null || each.session === null || each.session === session);
  }

  /** A step that may fail, and what it answers; a failure concerns this attempt alone. */
  async #negotiate(attempt, step) {
    try {
      const data = await attempt.whileItLasts(step());
      if (data !== undefined && !attempt.isOver) {
        this.#send(data);
      }
    } catch (error) {
      if (this.state === "closed" || attempt.isOver) {
        return;
      }
      console.warn("the negotiation failed", error);
      if (attempt !== this.#current) {
        this.#giveUp(attempt);
      } else if (!attempt.lived) {
        this.#fail();
      }
    }
  }

  #begin(session, offered) {
    const attempt = new Attempt({ ...this.#options, session, offered });
    attempt.addEventListener("candidate", ({ detail }) => {
      if (this.state !== "closed" && !attempt.isOver) {
        this.#send(candidateData(detail, session));
      }
    });
    attempt.addEventListener("track", () => attempt === this.#current && this.dispatchEvent(new Event("stream")));
    attempt.addEventListener("state", () => this.#follow(attempt));
    this.dispatchEvent(new CustomEvent("opening", { detail: attempt.connection }));
    if (this.#current?.lived) {
      this.#next?.close();
      this.#next = attempt;
    } else {
      this.#current?.close();
      this.#current = attempt;
      this.dispatchEvent(new Event("connection"));
      this.#startTimer("failed");
    }
    return attempt;
  }

  #follow(attempt) {
    const state = attempt.connection.connectionState;
    if (this.state === "closed") {
      return;
    }
    if (attempt.isOver) {
      attempt.release();
    }
    if (attempt === this.#next) {
      if (state === "connected") {
        this.#promote(attempt);
      } else if (attempt.isOver) {
        this.#giveUp(attempt);
      }
    } else if (attempt === this.#current) {
      if (state === "connected") {
        this.#setState("connected");
        this.#look();
      } else if (attempt.isOver && attempt.lived) {
        this.#setState("reconnecting");
        this.#schedule.start();
      } else if (attempt.isOver) {
        this.#fail();
      } else if (state === "connecting" && !attempt.lived && this.state === "new") {
        this.#setState("connecting");
      }
    }
  }

  /** The newer one is up: it takes over, and the older one ends when what is on its way has come. */
  #promote(attempt) {
    const old = this.#current;
    this.#current = attempt;
    this.#next = null;
    this.#wanted = false;
    this.#before.add(old);
    setTimeout(() => {
      this.#before.delete(old);
      old.close();
    }, OVERLAP_MS);
    this.dispatchEvent(new Event("connection"));
    this.dispatchEvent(new Event("stream"));
    this.#setState("connected");
    this.#look();
  }

  #giveUp(attempt) {
    if (attempt === this.#next) {
      this.#next = null;
      attempt.close();
    }
  }

  /** It was never up: it is tried again, while the person reads that it does not work. */
  #fail() {
    this.#setState("failed");
    this.#schedule.start();
  }

  #startTimer(late) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#setState(late);
      this.#schedule.start();
    }, CONNECT_MS);
  }

  /** Watch what comes; the next look is never before the answer to this one. */
  async #look() {
    clearTimeout(this.#lookTimer);
    const attempt = this.#current;
    if (attempt.isOver) {
      this.#follow(attempt);
    } else {
      const report = await attempt.connection.getStats();
      if (attempt === this.#current && this.state !== "closed") {
        this.#judge(attempt, report);
      }
    }
    if (this.state !== "closed") {
      clearTimeout(this.#lookTimer);
      this.#lookTimer = setTimeout(() => this.#look(), LOOK_MS);
    }
  }

  #judge(attempt, report) {
    const { keptAlive } = this;
    const state = this.#liveness.update(performance.now(), attempt.connection, report, { keptAlive });
    this.#setState(state);
    if (state === "reconnecting") {
      this.#schedule.start();
    }
    if (this.#liveness.quiet) {
      this.dispatchEvent(new Event("quiet"));
    }
    this.dispatchEvent(new CustomEvent("report", { detail: report }));
  }

  #setState(state) {
    if (["connected", "failed", "closed"].includes(state)) {
      clearTimeout(this.#timer);
    }
    if (["connected", "unstable"].includes(state)) {
      this.#schedule.stop();
    }
    if (this.state !== state && this.state !== "closed") {
      this.state = state;
      this.stateSinceMs = performance.now();
      this.dispatchEvent(new CustomEvent("state", { detail: state }));
    }
  }

  /** All negotiation of one peer runs one step after another. */
  #enqueue(step) {
    this.#chain = this.#chain.then(async () => {
      if (this.state === "closed") {
        return;
      }
      try {
        await step();
      } catch (error) {
        if (this.state !== "closed") {
          console.warn("a step of the connection failed", error);
        }
      }
    });
  }
}
