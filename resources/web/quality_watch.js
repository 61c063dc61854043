// Looks once a second at what comes of each participant, by whichever way it comes, and judges it.

import { QualityScorer } from "./quality.js";

const LOOK_MS = 1_000;

/** Event "quality" (detail: { userId, word }), when the word is another one. */
export class QualityWatch extends EventTarget {
  #call;
  #people = new Map(); // user id to { scorer, counts, source }
  #timer;

  constructor(call) {
    super();
    this.#call = call;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The word of somebody. */
  wordOf(userId) {
    return this.#people.get(userId)?.scorer.word ?? "unknown";
  }

  close() {
    clearInterval(this.#timer);
  }

  async #look() {
    const { topology, participants } = this.#call;
    const subscriber = topology.mode === "sfu" ? topology.sfu?.subscriber : null;
    const shared = subscriber?.connection ? await subscriber.connection.getStats() : null;
    for (const userId of this.#people.keys()) {
      if (!participants.has(userId)) {
        this.#people.delete(userId);
      }
    }
    for (const participant of Array.from(participants.values())) {
      if (subscriber) {
        const mids = subscriber.streams.filter((each) => each.userId === participant.userId).map(({ mid }) => mid);
        const isUp = subscriber.state === "connected";
        this.#judge(participant, subscriber.connection, shared, mids, isUp && isStill(participant));
      } else {
        const { peer } = participant;
        const report = peer.hasLived ? await peer.connection.getStats() : null;
        this.#judge(participant, peer.connection, report, null, peer.state === "connected");
      }
    }
  }

  /** `isThere`: we know that they are reached, also when no sound or picture comes. */
  #judge(participant, source, report, mids, isThere) {
    const { userId } = participant;
    const known = this.#people.get(userId) ?? { scorer: new QualityScorer(), counts: null, source: null };
    this.#people.set(userId, known);
    const before = known.scorer.word;
    const counts = report === null ? null : countsOf(report, mids);
    // Another connection counts from the beginning: its first second says nothing.
    if (counts === null) {
      known.scorer.update(performance.now() / 1000, null);
    } else if (known.source === source && known.counts !== null) {
      const given = secondOf(known.counts, counts, participant, isThere);
      known.scorer.update(performance.now() / 1000, given);
    }
    known.counts = counts;
    known.source = source;
    if (known.scorer.word !== before) {
      this.dispatchEvent(new CustomEvent("quality", { detail: { userId, word: known.scorer.word } }));
    }
  }
}

const isStill = ({ audioMuted, cameraOff }) => audioMuted && cameraOff;

/** The counters of what comes by `mids`, or by all m-lines (W3C webrtc-stats, inbound-rtp and candidate-pair). */
function countsOf(report, mids) {
  const counts = { packets: 0, lost: 0, samples: 0, concealed: 0, frames: 0, jitterMs: 0, roundTripMs: undefined };
  for (const entry of report.values()) {
    if (entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded") {
      counts.roundTripMs = 1000 * (entry.currentRoundTripTime ?? 0);
    }
    if (entry.type !== "inbound-rtp" || (mids !== null && !mids.includes(entry.mid))) {
      continue;
    }
    counts.packets += entry.packetsReceived ?? 0;
    counts.lost += entry.packetsLost ?? 0;
    if (entry.kind === "audio") {
      counts.samples += entry.totalSamplesReceived ?? 0;
      // Concealed silence is what an encoder that says nothing in pauses leaves.
      counts.concealed += (entry.concealedSamples ?? 0) - (entry.silentConcealedSamples ?? 0);
      counts.jitterMs = Math.max(counts.jitterMs, 1000 * (entry.jitter ?? 0));
    } else {
      counts.frames += entry.framesDecoded ?? 0;
    }
  }
  return counts;
}

function secondOf(before, now, { audioMuted, videoMuted, cameraOff }, isThere) {
  const packets = Math.max(0, now.packets - before.packets);
  const lost = Math.max(0, now.lost - before.lost);
  const samples = now.samples - before.samples;
  const given = { roundTripMs: now.roundTripMs, jitterMs: now.jitterMs, receiving: packets > 0 || isThere };
  given.lossPct = packets + lost > 0 ? (100 * lost) / (packets + lost) : 0;
  if (!audioMuted && samples > 0) {
    given.concealedPct = (100 * Math.max(0, now.concealed - before.concealed)) / samples;
  }
  if (!videoMuted && !cameraOff && now.frames > 0) {
    given.frozenPct = now.frames === before.frames ? 100 : 0;
  }
  return given;
}
