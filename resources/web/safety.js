// Four words that two people compare to find out whether somebody sits between them (docs/rights.md).

import { sha256Hex } from "./data/sha256.js";

const SALT = "bridgecall safety code 1";
const ROUNDS = 1_000_000;
const WORD_BITS = 11;
const WORDS = 4;
const MOST_STAYS = 1000;

let wordList = null;

/** The SHA-256 of both ends' certificates of a connection, in hexadecimal: { own, far }; null while it is not up. */
export function fingerprintsOf(connection, certificate) {
  const der = connection?.sctp?.transport?.getRemoteCertificates?.()[0] ?? otherTransport(connection);
  const own = certificate?.getFingerprints?.().find(({ algorithm }) => algorithm === "sha-256")?.value;
  if (der === undefined || own === undefined) {
    return null;
  }
  return { own: own.replaceAll(":", "").toLowerCase(), far: sha256Hex(new Uint8Array(der)) };
}

/** Without data channels the transport is that of sound and picture. */
function otherTransport(connection) {
  const [sender] = connection?.getSenders() ?? [];
  return sender?.transport?.getRemoteCertificates?.()[0];
}

/** The words for two fingerprints in hexadecimal, the same at both ends; rejects when they cannot be had. */
export async function safetyWords(own, far) {
  if (!globalThis.crypto?.subtle) {
    throw new Error("this page is not encrypted");
  }
  const [smaller, larger] = [own, far].sort();
  const password = Uint8Array.from((smaller + larger).match(/../g), (pair) => parseInt(pair, 16));
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const salt = new TextEncoder().encode(SALT);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  const bytes = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 48));
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const words = await allWords();
  return Array.from({ length: WORDS }, (_, i) => words[parseInt(bits.slice(i * WORD_BITS, (i + 1) * WORD_BITS), 2)]);
}

function allWords() {
  wordList ??= loadWords().catch((error) => {
    wordList = null; // the next one asks again
    throw error;
  });
  return wordList;
}

async function loadWords() {
  const response = await fetch("/web/safety-words.txt");
  const words = (await response.text()).split("\n").map((word) => word.trim()).filter(Boolean);
  if (!response.ok || words.length !== 2 ** WORD_BITS) {
    throw new Error("the words are not there");
  }
  return words;
}

/**
 * The codes of everybody in a call. Events: "code" (detail: user id; there is another one), "changed" (detail: user id;
 * somebody else answers for the same stay of the same person).
 */
export class SafetyCodes extends EventTarget {
  #certificate = null;
  #known = new Map(); // user id to { instance, own, far, words, changed, problem, asked }
  #chain = Promise.resolve();
  // User id and instance to the certificate. It outlives a `peer-left`, which a server that puts somebody in between
  // could send to have the old one forgotten.
  #stays = new Map();

  use(certificate) {
    this.#certificate = certificate;
  }

  /** { words (null until they are there), changed, problem } of somebody; undefined while there is no connection. */
  get(userId) {
    return this.#known.get(userId);
  }

  /** A connection to a participant is up. */
  note({ userId, instance }, connection) {
    const found = fingerprintsOf(connection, this.#certificate);
    const before = this.#known.get(userId);
    if (found === null || (before?.far === found.far && before.instance === instance)) {
      return;
    }
    const stay = instance === null ? null : JSON.stringify([userId, instance]);
    const expected = before !== undefined && before.instance === instance ? before.far : this.#stays.get(stay);
    const isOther = expected !== undefined && expected !== found.far;
    const changed = isOther || before?.changed === true;
    if (stay !== null && !this.#stays.has(stay) && this.#stays.size < MOST_STAYS) {
      this.#stays.set(stay, found.far);
    }
    this.#known.set(userId, { ...found, instance, changed, words: null, problem: "", asked: false });
    this.#tell("code", userId);
    if (isOther) {
      this.#tell("changed", userId);
    }
  }

  /** Work out the words, when somebody looks at them: it is slow on purpose. */
  want(userId) {
    const code = this.#known.get(userId);
    if (code === undefined || code.asked) {
      return;
    }
    code.asked = true;
    this.#chain = this.#chain.then(async () => {
      if (this.#known.get(userId) !== code) {
        return;
      }
      try {
        code.words = await safetyWords(code.own, code.far);
      } catch (error) {
        code.problem = error.message;
      }
      this.#tell("code", userId);
    });
  }

  /** They have left. */
  forget(userId) {
    this.#known.delete(userId);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
