// The loudness of a microphone track.

/** Measures one track. */
export class LevelSource {
  #context = new AudioContext();
  #analyser = this.#context.createAnalyser();
  #samples = new Float32Array(1024);

  constructor(track) {
    this.#analyser.fftSize = this.#samples.length;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
  }

  /** The root mean square of the last moment, 0 to 1. */
  rms() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return Math.sqrt(this.#samples.reduce((sum, value) => sum + value * value, 0) / this.#samples.length);
  }

  close() {
    this.#context.close();
  }
}

/** Calls `show` with 0 to 1 for each picture that the browser paints; returns the function that ends it. */
export function watchLevel(track, show) {
  const source = new LevelSource(track);
  let request = 0;
  const tick = () => {
    // Speech lies around -40 to -10 dBFS; show -60 to 0 dBFS as 0 to 1.
    show(Math.min(1, Math.max(0, 1 + Math.log10(Math.max(source.rms(), 1e-6)) / 3)));
    request = requestAnimationFrame(tick);
  };
  tick();
  return () => {
    cancelAnimationFrame(request);
    source.close();
  };
}
