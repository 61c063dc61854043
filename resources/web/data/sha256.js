// SHA-256 (FIPS 180-4) piece by piece: crypto.subtle digests only what is there as a whole, and not on plain pages.

/** The first 32 bits of the fractional parts of the `power`-th roots of the first `count` primes. */
function rootsOfPrimes(count, power) {
  const found = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (!found.some((prime) => candidate % prime === 0)) {
      found.push(candidate);
    }
  }
  return Uint32Array.from(found, (prime) => fraction(BigInt(prime), BigInt(power)));
}

/** floor(root * 2^32) modulo 2^32, in whole numbers: a double is not exact enough to trust its last bits. */
function fraction(prime, power) {
  const wanted = prime << (32n * power);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** power <= wanted) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return Number(low & 0xffffffffn);
}

const START = rootsOfPrimes(8, 2);
const ROUND = Int32Array.from(rootsOfPrimes(64, 3));
const BLOCK_BYTES = 64;

export class Sha256 {
  #state = Int32Array.from(START);
  #schedule = new Int32Array(64);
  #block = new Uint8Array(BLOCK_BYTES);
  #filled = 0;
  #length = 0;

  /** Take more bytes, a Uint8Array. */
  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(BLOCK_BYTES - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < BLOCK_BYTES) {
        return this;
      }
      this.#compress(this.#block, 0);
      this.#filled = 0;
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
      this.#compress(bytes, at);
    }
    this.#block.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
    return this;
  }

  /** The digest of all bytes so far, in hexadecimal; more may follow. */
  hex() {
    const copy = new Sha256();
    copy.#state.set(this.#state);
    copy.#block.set(this.#block);
    copy.#filled = this.#filled;
    copy.#pad(this.#length);
    return Array.from(copy.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #pad(length) {
    const bytes = new Uint8Array((this.#filled < 56 ? 64 : 128) - this.#filled);
    const view = new DataView(bytes.buffer);
    bytes[0] = 0x80;
    view.setUint32(bytes.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(bytes.length - 4, (length % 2 ** 29) * 8);
    this.update(bytes);
  }

  #compress(bytes, at) {
    const w = this.#schedule;
    const state = this.#state;
    for (let i = 0, j = at; i < 16; i += 1, j += 4) {
      w[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
    }
    for (let i = 16; i < 64; i += 1) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let i = 0; i < 64; i += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

/** The digest of `bytes` in hexadecimal. */
export function sha256Hex(bytes) {
  return new Sha256().update(bytes).hex();
}
