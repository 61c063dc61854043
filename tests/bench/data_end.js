// The same end as data_end.py, in a page: window.dataEnd.offer(), .answer(sdp), .accept(sdp), .opened(), .send(s).
"use strict";

(() => {
  const MESSAGE_BYTES = 16 * 1024;
  const QUEUED_BYTES = 128 * 1024;
  const CHAT_EVERY_MS = 200;

  const pc = new RTCPeerConnection();
  const bulk = pc.createDataChannel("bulk", { negotiated: true, id: 1 });
  const chat = pc.createDataChannel("chat", { negotiated: true, id: 2 });
  const received = [];
  const chatMs = [];
  let bytes = 0;
  const now = () => performance.timeOrigin + performance.now();
  const open = [bulk, chat].map(
    (channel) => new Promise((resolve) => channel.addEventListener("open", resolve)),
  );

  bulk.binaryType = "arraybuffer";
  bulk.bufferedAmountLowThreshold = QUEUED_BYTES / 2;
  bulk.onmessage = ({ data }) => {
    bytes += data.byteLength;
    received.push([now() / 1000, bytes]);
  };
  chat.onmessage = ({ data }) => chatMs.push(now() - Number(data) * 1000);

  async function describe(description) {
    const gathered = new Promise((resolve) => {
      pc.addEventListener("icegatheringstatechange", () => {
        if (pc.iceGatheringState === "complete") {
          resolve();
        }
      });
    });
    await pc.setLocalDescription(description);
    await gathered;
    return pc.localDescription.sdp;
  }

  window.dataEnd = {
    offer: async () => describe(await pc.createOffer()),
    answer: async (sdp) => {
      await pc.setRemoteDescription({ type: "offer", sdp });
      return describe(await pc.createAnswer());
    },
    accept: (sdp) => pc.setRemoteDescription({ type: "answer", sdp }),
    opened: async () => {
      await Promise.all(open);
    },
    send: async (seconds) => {
      const payload = new ArrayBuffer(MESSAGE_BYTES);
      const end = now() + seconds * 1000;
      const talk = setInterval(() => chat.send(String(now() / 1000)), CHAT_EVERY_MS);
      while (now() < end) {
        while (bulk.bufferedAmount < QUEUED_BYTES) {
          bulk.send(payload);
        }
        await new Promise((resolve) => {
          bulk.onbufferedamountlow = resolve;
          setTimeout(resolve, end - now());
        });
      }
      clearInterval(talk);
    },
    figures: () => ({ received, chat_ms: chatMs, counters: null }),
  };
})();
