// Sound for who has no microphone.

/** { track, stop() }: silence for as long as the browser lets this page make sound, and nothing until then. */
export function silentTrack() {
  const context = new AudioContext();
  const destination = context.createMediaStreamDestination();
  const source = new ConstantSourceNode(context, { offset: 0 });
  source.connect(destination);
  source.start();
  const wake = () => {
    if (context.state === "suspended") {
      context.resume().catch(() => {}); // closed meanwhile
    }
  };
  addEventListener("click", wake);
  return {
    track: destination.stream.getAudioTracks()[0],
    stop: () => {
      removeEventListener("click", wake);
      context.close();
    },
  };
}
