// Sound for who has no microphone.

/** { track, stop() }, or null as long as the browser does not let this page make sound: until a first click or key. */
export function silentTrack() {
  if (navigator.userActivation?.hasBeenActive === false) {
    return null;
  }
  const context = new AudioContext();
  const destination = context.createMediaStreamDestination();
  const source = new ConstantSourceNode(context, { offset: 0 });
  source.connect(destination);
  source.start();
  return { track: destination.stream.getAudioTracks()[0], stop: () => context.close() };
}
