// Whether a connection lives, by what comes through it (docs/recovery.md).

export const LOOK_MS = 500;
const UNSTABLE_MS = 1_500;
const DEAD_MS = 3_000;
/** A browser checks a quiet path about every 2.5 s: that alone must not look like a loss. */
const PATIENT_UNSTABLE_MS = 6_000;
const PATIENT_DEAD_MS = 10_000;

export class Liveness {
  #connection = null;
  #received = 0;
  #sent = 0;
  #silentMs = 0;
  #lookedMs = 0;

  /** Whether the last look saw that nothing came, or that we sent nothing. */
  quiet = false;

  /** What a look at `nowMs` tells: "connected", "unstable" or "reconnecting". `report` is an RTCStatsReport. */
  update(nowMs, connection, report, { keptAlive }) {
    const { received, sent } = packets(report);
    const isSame = connection === this.#connection;
    const isSilent = isSame && received === this.#received;
    // A page that was not run meanwhile has not listened, either.
    this.#silentMs = isSilent ? this.#silentMs + Math.min(nowMs - this.#lookedMs, 2 * LOOK_MS) : 0;
    this.quiet = isSilent || (isSame && sent === this.#sent);
    this.#connection = connection;
    this.#received = received;
    this.#sent = sent;
    this.#lookedMs = nowMs;
    if (this.#silentMs >= (keptAlive ? DEAD_MS : PATIENT_DEAD_MS)) {
      return "reconnecting";
    }
    return this.#silentMs >= (keptAlive ? UNSTABLE_MS : PATIENT_UNSTABLE_MS) ? "unstable" : "connected";
  }
}

/** Packets of every kind over all candidate pairs, also those of ICE itself (W3C webrtc-stats, candidate-pair). */
export function packets(report) {
  let received = 0;
  let sent = 0;
  for (const entry of report.values()) {
    if (entry.type === "candidate-pair") {
      received += (entry.packetsReceived ?? 0) + (entry.requestsReceived ?? 0) + (entry.responsesReceived ?? 0);
      sent += entry.packetsSent ?? 0;
    }
  }
  return { received, sent };
}
