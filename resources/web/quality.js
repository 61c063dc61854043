// How good the connection to one person is, as the application judges it (quality/score.py): a score from what arrives
// of them, which falls at once and rises slowly, and its word.

const FALL_S = 0.5;
const RISE_S = 8;
const EXCELLENT_FROM = 85;
const GOOD_FROM = 60;
const LOST_AFTER_S = 4;
const BAD_AGAIN_MARGIN = 3; // a word changes for the better only this far beyond its bound

const known = (value) => (Number.isFinite(value) && value > 0 ? value : 0);

/**
 * The score of one second by itself, 0 to 100, of { lossPct, roundTripMs, jitterMs, framesPerSecond, expectedFps,
 * frozenPct, concealedPct }; what is left out is not known, or there is nothing of the kind.
 */
export function momentary(given) {
  // The simplified E-model (ITU-T G.107; Cole and Rosenbluth 2001).
  const oneWayMs = known(given.roundTripMs) / 2 + 2 * known(given.jitterMs);
  const delay = 0.024 * oneWayMs + (oneWayMs > 177.3 ? 0.11 * (oneWayMs - 177.3) : 0);
  const loss = 15 * Math.log1p(Math.min(known(given.lossPct), 100) / 4);
  const sound = 22 * Math.log1p(Math.min(known(given.concealedPct), 100) / 2);
  let picture = 0.6 * Math.min(known(given.frozenPct), 100);
  if (given.framesPerSecond !== undefined && given.expectedFps >= 1) {
    const missing = 1 - Math.min(known(given.framesPerSecond) / given.expectedFps, 1);
    picture = Math.max(picture, 60 * Math.max(0, missing - 0.1));
  }
  return Math.min(Math.max(100 - delay - loss - Math.max(sound, picture), 0), 100);
}

export class QualityScorer {
  #value = null;
  #lastS = 0;
  #silentSinceS = null;

  /** "excellent", "good", "poor", "lost" or "unknown". */
  word = "unknown";

  /** The word at `nowS` for the last second (`receiving`: whether anything came); null when there is no connection. */
  update(nowS, given) {
    if (given === null) {
      this.#value = null;
      this.#silentSinceS = null;
      this.word = "unknown";
      return this.word;
    }
    const elapsedS = Math.max(0, nowS - this.#lastS);
    if (this.#value === null) {
      this.#value = momentary(given);
    } else if (given.receiving) {
      const target = momentary(given);
      const constantS = target < this.#value ? FALL_S : RISE_S;
      this.#value += (target - this.#value) * (1 - Math.exp(-elapsedS / constantS));
    } else {
      this.#value *= Math.exp(-elapsedS / FALL_S);
    }
    this.#lastS = nowS;
    this.#silentSinceS = given.receiving ? null : (this.#silentSinceS ?? nowS);
    this.word = this.#wordOf(nowS, this.#value);
    return this.word;
  }

  #wordOf(nowS, value) {
    if (this.#silentSinceS !== null && nowS - this.#silentSinceS >= LOST_AFTER_S) {
      return "lost";
    }
    const isWorse = ["good", "poor", "lost"].includes(this.word);
    const isWorst = ["poor", "lost"].includes(this.word);
    if (value >= EXCELLENT_FROM + (isWorse ? BAD_AGAIN_MARGIN : 0)) {
      return "excellent";
    }
    return value >= GOOD_FROM + (isWorst ? BAD_AGAIN_MARGIN : 0) ? "good" : "poor";
  }
}
