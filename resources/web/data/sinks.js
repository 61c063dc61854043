// Where a file goes while it comes: into memory when it is small, otherwise to the disk, where it gets its name when it
// is complete.

const MIB = 1024 * 1024;
/** Up to here a file lies in memory, and the browser saves it like any download. */
export const SMALL_BYTES = 64 * MIB;
/** Where there is nothing but memory: all files together. */
export const MAX_MEMORY_BYTES = 500 * MIB;
const BLOB_BYTES = 4 * MIB; // a browser may put a Blob to the disk, but not a piece of our own memory
const KEEP_ON_DISK_MS = 30 * 60_000; // the browser copies it meanwhile, perhaps after a question
const FOLDER = "bridgecall-incoming";
const TYPE = "application/octet-stream"; // nothing that a browser would show by itself

const kept = []; // what lies here for the link "Save again": the oldest goes first
let heldBytes = 0; // by files that are not complete

/** A sentence for the person, and the code for the other side. */
export class SinkError extends Error {
  constructor(code, words) {
    super(words);
    this.code = code;
  }
}

/**
 * Open a place for a file: write(bytes), then finish() or discard(). finish() returns { url, forget } when the file can
 * be saved once more, otherwise null. To be called in the handler of a click.
 *
 * Throws AbortError when the person does not choose a place, or an error with a sentence and a `code`.
 */
export async function openSink(name, sizeBytes) {
  if (sizeBytes > SMALL_BYTES && typeof showSaveFilePicker === "function") {
    const handle = await showSaveFilePicker({ suggestedName: name });
    return new HandleSink(handle, await open(handle));
  }
  if (sizeBytes > SMALL_BYTES && (await hasRoom(sizeBytes))) {
    const sink = await PrivateSink.open(name);
    if (sink !== null) {
      return sink;
    }
  }
  if (sizeBytes > MAX_MEMORY_BYTES) {
    throw new SinkError(
      "disk-full",
      "This browser can keep files in memory only, and this one is over 500 MB. " +
        "Take it in the Bridgecall application, or in Chromium or Edge on an https:// page.",
    );
  }
  if (!makeRoom(sizeBytes)) {
    throw new SinkError("disk-full", "Other files fill this browser's memory. Wait for them, and have it sent again.");
  }
  return new MemorySink(name, sizeBytes);
}

class MemorySink {
  #name;
  #sizeBytes;
  #blobs = [];
  #parts = [];
  #partBytes = 0;

  constructor(name, sizeBytes) {
    this.#name = name;
    this.#sizeBytes = sizeBytes;
    heldBytes += sizeBytes;
  }

  async write(bytes) {
    this.#parts.push(bytes.slice()); // the caller's are given away afterwards
    this.#partBytes += bytes.length;
    if (this.#partBytes >= BLOB_BYTES) {
      this.#blobs.push(new Blob(this.#parts.splice(0)));
      this.#partBytes = 0;
    }
  }

  async finish() {
    const blob = new Blob([...this.#blobs, ...this.#parts], { type: TYPE });
    this.discard();
    return offer(blob, this.#name, blob.size, () => {});
  }

  discard() {
    heldBytes -= this.#sizeBytes;
    this.#sizeBytes = 0;
    this.#blobs = [];
    this.#parts = [];
  }
}

/** A file that the person chose: its content changes when it is closed (File System Standard, FileSystemWritable). */
class HandleSink {
  #handle;
  #writable;

  constructor(handle, writable) {
    this.#handle = handle;
    this.#writable = writable;
  }

  async write(bytes) {
    await this.#writable.write(bytes);
  }

  async finish() {
    await this.#writable.close();
    return null;
  }

  async discard() {
    try {
      await this.#writable.abort();
      // The browser made an empty file when the person chose it; one that was there before stays as it was.
      if ((await this.#handle.getFile()).size === 0) {
        await this.#handle.remove?.();
      }
    } catch {
      // closed already, or gone
    }
  }
}

/** The page's own folder on the disk; complete files are saved from there. */
class PrivateSink {
  #name;
  #folder;
  #entry; // its name there
  #handle;
  #writable;

  static async open(name) {
    try {
      const folder = await ownFolder();
      const sink = new PrivateSink();
      sink.#name = name;
      sink.#folder = folder;
      sink.#entry = crypto.randomUUID();
      sink.#handle = await folder.getFileHandle(sink.#entry, { create: true });
      sink.#writable = await open(sink.#handle);
      return sink;
    } catch (error) {
      console.info("this browser gives the page no folder", error);
      return null;
    }
  }

  async write(bytes) {
    await this.#writable.write(bytes);
  }

  async finish() {
    await this.#writable.close();
    const file = await this.#handle.getFile();
    const saved = offer(file.slice(0, file.size, TYPE), this.#name, 0, () => this.#remove());
    setTimeout(() => saved.forget(), KEEP_ON_DISK_MS);
    return saved;
  }

  async discard() {
    await this.#writable.abort().catch(() => {});
    await this.#remove();
  }

  async #remove() {
    await this.#folder.removeEntry(this.#entry).catch(() => {});
  }
}

async function open(handle) {
  try {
    return await handle.createWritable();
  } catch (error) {
    throw new SinkError("not-writable", `The browser cannot write there (${error.name}). Choose another place.`);
  }
}

let folder = null;

/** A folder for this page's life; those of pages that are gone are removed. A page is there while it holds its lock. */
function ownFolder() {
  folder ??= (async () => {
    const root = await navigator.storage.getDirectory();
    const parent = await root.getDirectoryHandle(FOLDER, { create: true });
    const { held } = await navigator.locks.query();
    const alive = new Set(held.map(({ name }) => name));
    for await (const name of parent.keys()) {
      if (!alive.has(`${FOLDER}/${name}`)) {
        await parent.removeEntry(name, { recursive: true }).catch(() => {});
      }
    }
    const name = crypto.randomUUID();
    await new Promise((resolve) => {
      navigator.locks.request(`${FOLDER}/${name}`, () => {
        resolve();
        return new Promise(() => {}); // until the page ends
      });
    });
    return parent.getDirectoryHandle(name, { create: true });
  })();
  return folder;
}

async function hasRoom(sizeBytes) {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota - usage > sizeBytes;
  } catch {
    return false; // a plain page has no storage
  }
}

/** Have the browser save `blob`: `memoryBytes` are in memory. It stays for "Save again" while there is room. */
function offer(blob, name, memoryBytes, remove) {
  const url = URL.createObjectURL(blob);
  const one = {
    url,
    memoryBytes,
    forget: () => {
      URL.revokeObjectURL(url);
      remove();
      const at = kept.indexOf(one);
      if (at >= 0) {
        kept.splice(at, 1);
      }
    },
  };
  kept.push(one);
  save(url, name);
  return one;
}

/** Save what `url` leads to as a download. */
export function save(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

/** Forget complete files until `sizeBytes` more fit into the memory. */
function makeRoom(sizeBytes) {
  const total = () => heldBytes + kept.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  while (total() + sizeBytes > MAX_MEMORY_BYTES && kept.length > 0) {
    kept[0].forget();
  }
  return total() + sizeBytes <= MAX_MEMORY_BYTES;
}
