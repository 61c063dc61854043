// Digests beside the page, which stays smooth: { id, ask: "update" | "hex" | "close", bytes? } -> { id, hex? }.

import { Sha256 } from "./sha256.js";

const digests = new Map();

addEventListener("message", ({ data: { id, ask, bytes } }) => {
  if (ask === "close") {
    digests.delete(id);
    return;
  }
  if (!digests.has(id)) {
    digests.set(id, new Sha256());
  }
  if (ask === "update") {
    digests.get(id).update(new Uint8Array(bytes));
    postMessage({ id });
  } else {
    postMessage({ id, hex: digests.get(id).hex() });
  }
});
