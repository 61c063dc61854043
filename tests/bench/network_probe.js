// Runs in the guest page during a measurement: when pictures and sound pass, and what they are.
// Pictures: when the own ones were captured and the other's were given to the compositor, with the counter of the
// test pattern. Sound: every sample of the own and of the other's track, with the time at which it passed.
// Times are Unix time in ms.

(() => {
  const CELLS = 22;
  const CELL_PX = 8;
  const ROWS_FROM = 0.462; // the middle of the counter row, see desktop_app/media/pattern.py
  const ROWS = 0.056;
  const OWN_EVERY = 5; // reading a picture costs CPU; the own film runs steadily, so a part of its pictures will do
  const SAMPLES_MAX = 48_000 * 300;

  let running = 0; // the number of the window; 0 between windows
  let count = 0;
  let media = null;

  const unixMs = (at) => performance.timeOrigin + at;
  const find = (own) => document.querySelector(own ? ".tile.own video" : ".tile:not(.own) video");

  function readCounter(video, canvas) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const { videoWidth: width, videoHeight: height } = video;
    context.drawImage(video, 0, ROWS_FROM * height, width, ROWS * height, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const levels = [];
    for (let cell = 0; cell < CELLS; cell += 1) {
      let sum = 0;
      let pixels = 0;
      for (let row = 0; row < canvas.height; row += 1) {
        for (let x = cell * CELL_PX + 2; x < (cell + 1) * CELL_PX - 2; x += 1) {
          sum += data[(row * canvas.width + x) * 4 + 1];
          pixels += 1;
        }
      }
      levels.push(sum / pixels);
    }
    const black = Math.min(...levels);
    const white = Math.max(...levels);
    if (white - black < 80) {
      return null;
    }
    const parts = levels.map((level) => (level - black) / (white - black));
    if (parts.some((part) => part > 0.35 && part < 0.65)) {
      return null;
    }
    const cells = parts.map((part) => (part > 0.5 ? 1 : 0));
    const bits = cells.slice(3, 19);
    const parity = bits.reduce((sum, bit) => sum + bit, 0) & 1;
    const framed = cells[0] === 1 && cells[1] === 0 && cells[2] === 1 && cells[20] === 0 && cells[21] === 0;
    return framed && cells[19] === parity ? bits.reduce((number, bit) => number * 2 + bit, 0) : null;
  }

  function watchPictures(own, list, number) {
    const video = find(own);
    const canvas = new OffscreenCanvas(CELLS * CELL_PX, 4);
    let seen = 0;
    const shown = (_now, frame) => {
      if (running !== number) {
        return;
      }
      const at = own ? (frame.captureTime ?? frame.presentationTime) : frame.presentationTime;
      if (!own || seen % OWN_EVERY === 0) {
        list.push([unixMs(at), readCounter(video, canvas)]);
      }
      seen += 1;
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }

  async function watchSound(own, sound, number) {
    const theirs = () => document.querySelector(".tile:not(.own) audio").srcObject.getAudioTracks()[0];
    const source = own ? await ownSound() : theirs();
    const reader = new MediaStreamTrackProcessor({ track: source, maxBufferSize: 100 }).readable.getReader();
    const floats = new Float32Array(4096);
    while (running === number) {
      const { value, done } = await reader.read();
      if (done) {
        break;
      }
      const frames = value.numberOfFrames;
      value.copyTo(floats, { planeIndex: 0, format: "f32-planar" });
      if (sound.length + frames <= SAMPLES_MAX) {
        // Where a chunk begins, its own time, when it got here, its length and rate.
        sound.times.push([sound.length, value.timestamp / 1000, unixMs(performance.now()), frames, value.sampleRate]);
        const chunk = new Int16Array(frames);
        for (let i = 0; i < frames; i += 1) {
          chunk[i] = Math.max(-32768, Math.min(32767, Math.round(floats[i] * 32768)));
        }
        sound.chunks.push(chunk);
        sound.length += frames;
      }
      value.close();
    }
    await reader.cancel();
  }

  // The own tile is silent; what is sent is the sender's track.
  async function ownSound() {
    const [person] = window.bridgecall.participants();
    const senders = window.bridgecall.connection(person.userId).getSenders();
    return senders.find((sender) => sender.track?.kind === "audio").track;
  }

  function asBase64(sound) {
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
      reader.readAsDataURL(new Blob(sound.chunks, { type: "application/octet-stream" }));
    });
  }

  async function stats() {
    const [person] = window.bridgecall.participants();
    const found = {};
    for (const report of (await window.bridgecall.connection(person.userId).getStats()).values()) {
      if (report.type === "inbound-rtp") {
        found[report.kind] = report;
      }
    }
    return found;
  }

  const newSound = () => ({ times: [], chunks: [], length: 0 });

  window.bridgecallProbe = {
    async begin() {
      count += 1;
      running = count;
      media = { captured: [], shown: [], spoken: newSound(), heard: newSound(), problems: [] };
      const mine = media;
      watchPictures(true, mine.captured, count);
      watchPictures(false, mine.shown, count);
      for (const [own, sound] of [
        [true, mine.spoken],
        [false, mine.heard],
      ]) {
        watchSound(own, sound, count).catch((error) => mine.problems.push(String(error)));
      }
      return stats();
    },
    async end() {
      running = 0;
      const after = await stats();
      const { captured, shown, spoken, heard, problems } = media;
      media = null;
      const sound = async (one) => ({ times: one.times, pcm: await asBase64(one) });
      return { captured, shown, problems, stats: after, spoken: await sound(spoken), heard: await sound(heard) };
    },
  };
})();
