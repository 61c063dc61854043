// Short sounds that say that the connection is lost and is back.

const FALLING_HZ = [523, 392];
const RISING_HZ = [392, 523];
const NOTE_S = 0.13;
const LOUDNESS = 0.08;

let context = null;

function play(notesHz) {
  try {
    context ??= new AudioContext();
    const beginS = context.currentTime + 0.02;
    notesHz.forEach((frequencyHz, index) => {
      const oscillator = new OscillatorNode(context, { frequency: frequencyHz });
      const gain = new GainNode(context, { gain: 0 });
      const atS = beginS + index * NOTE_S;
      gain.gain.setTargetAtTime(LOUDNESS, atS, 0.01);
      gain.gain.setTargetAtTime(0, atS + 0.6 * NOTE_S, 0.04); // no click at the end
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(atS);
      oscillator.stop(atS + 3 * NOTE_S);
    });
  } catch (error) {
    console.info("no sound can be played", error.name); // the words stand there all the same
  }
}

export function playLost() {
  play(FALLING_HZ);
}

export function playBack() {
  play(RISING_HZ);
}
