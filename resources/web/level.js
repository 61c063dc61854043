// The loudness of a microphone track, for the meter in the lobby.

/** Calls `show` with 0 to 1 for each picture that the browser paints; returns the function that ends it. */
export function watchLevel(track, show) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let request = 0;
  const tick = () => {
    analyser.getFloatTimeDomainData(samples);
    const rms = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
    // Speech lies around -40 to -10 dBFS; show -60 to 0 dBFS as 0 to 1.
    show(Math.min(1, Math.max(0, 1 + Math.log10(Math.max(rms, 1e-6)) / 3)));
    request = requestAnimationFrame(tick);
  };
  tick();
  return () => {
    cancelAnimationFrame(request);
    context.close();
  };
}
