// SHA-256 of a file as it passes, in one worker for all files.

let worker = null;
let lastId = 0;
const waiting = new Map(); // by id: what is to be called with each answer, in the order of the questions

function ask(message, transfer = []) {
  if (worker === null) {
    worker = new Worker(new URL("sha256_worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => waiting.get(data.id)?.shift()?.resolve(data.hex));
    worker.addEventListener("error", () => {
      worker = null; // the next file tries again
      for (const { reject } of Array.from(waiting.values()).flat()) {
        reject(new Error("the worker has failed"));
      }
      waiting.clear();
    });
  }
  worker.postMessage(message, transfer);
}

export class Hasher {
  #id = (lastId += 1);

  constructor() {
    waiting.set(this.#id, []);
  }

  /** Take the bytes of an ArrayBuffer, which is given away; resolves when they are in the digest. */
  update(buffer) {
    return this.#ask({ id: this.#id, ask: "update", bytes: buffer }, [buffer]);
  }

  /** The digest of everything so far, in hexadecimal. */
  hex() {
    return this.#ask({ id: this.#id, ask: "hex" });
  }

  close() {
    waiting.delete(this.#id);
    worker?.postMessage({ id: this.#id, ask: "close" });
  }

  #ask(message, transfer) {
    return new Promise((resolve, reject) => {
      const queue = waiting.get(this.#id);
      if (queue === undefined) {
        reject(new Error("the digest is closed"));
        return;
      }
      queue.push({ resolve, reject });
      ask(message, transfer);
    });
  }
}
