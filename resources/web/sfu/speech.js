// Whether this person's microphone hears speech, and how loud, as the server is told of it (docs/sfu.md).

export const SILENCE_DBOV = -127;

const LOOK_MS = 100;
const FLOOR_WINDOW_MS = 4_000;
const LEAST_DBOV = -55; // nobody speaks below it into a microphone of which others shall hear anything
const ABOVE_DB = 12; // the floor, to begin with
const STILL_ABOVE_DB = 7; // to go on with
const LOWEST_FLOOR_DBOV = -75;
const BEGIN_WINDOW_MS = 450;
const BEGIN_SHARE = 0.6;
const END_MS = 800;
const TELL_MS = 500;

/**
 * The floor is the least of the last seconds: between syllables speech falls back to it, steady noise never leaves it.
 * Speech is what is clearly above the floor for most of a moment, which a keystroke is not. As the application does it.
 */
export class SpeechDetector {
  #levels = []; // { atMs, dbov }
  #speaking = false;
  #heardMs = -Infinity;
  #toldMs = -Infinity;

  /**
   * Call it ten times a second. Returns what to tell the server now, in dBov (RFC 6464): -127 when speech has ended,
   * null for nothing. `level` is the root mean square of the microphone, 0 to 1; 0 while it is muted.
   */
  update(nowMs, level) {
    const dbov = Math.max(LOWEST_FLOOR_DBOV, 20 * Math.log10(Math.max(level, 1e-9)));
    this.#levels.push({ atMs: nowMs, dbov });
    while (nowMs - this.#levels[0].atMs > FLOOR_WINDOW_MS) {
      this.#levels.shift();
    }
    const floor = Math.min(...this.#levels.map((each) => each.dbov));
    if (dbov >= Math.max(floor + STILL_ABOVE_DB, LEAST_DBOV)) {
      this.#heardMs = nowMs;
    }
    if (this.#speaking) {
      if (level <= 0 || nowMs - this.#heardMs > END_MS) {
        this.#speaking = false;
        return SILENCE_DBOV;
      }
    } else if (level <= 0 || !this.#begins(nowMs, floor)) {
      return null;
    }
    this.#speaking = true;
    if (nowMs - this.#toldMs < TELL_MS || nowMs - this.#heardMs >= TELL_MS) {
      return null;
    }
    this.#toldMs = nowMs;
    return Math.min(0, Math.round(Math.max(...this.#since(nowMs - TELL_MS))));
  }

  #begins(nowMs, floor) {
    if (nowMs - this.#levels[0].atMs < BEGIN_WINDOW_MS) {
      return false;
    }
    const newest = this.#since(nowMs - BEGIN_WINDOW_MS);
    const threshold = Math.max(floor + ABOVE_DB, LEAST_DBOV);
    return newest.filter((dbov) => dbov >= threshold).length >= BEGIN_SHARE * newest.length;
  }

  #since(fromMs) {
    return this.#levels.filter(({ atMs }) => atMs >= fromMs).map(({ dbov }) => dbov);
  }
}

/** Listens to a microphone track after the other; `tell` takes what the server is to know. */
export class SpeechWatch {
  #tell;
  #detector = new SpeechDetector();
  #source = null;
  #timer;

  constructor(tell) {
    this.#tell = tell;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** `source` is a LevelSource of level.js, or null when there is no microphone. */
  listenTo(source) {
    this.#source?.close();
    this.#source = source;
  }

  close() {
    clearInterval(this.#timer);
    this.listenTo(null);
  }

  #look() {
    const dbov = this.#detector.update(performance.now(), this.#source?.rms() ?? 0);
    if (dbov !== null) {
      this.#tell(dbov);
    }
  }
}
