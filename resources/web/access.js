// What the link lets in with (docs/rights.md).

import { Sha256 } from "./data/sha256.js";

const CONTEXT = "bridgecall room access 1";
const KEY = /^[A-Za-z0-9_-]{22,64}$/;
const BLOCK_BYTES = 64;

/** `access` of join-room for the part of an address from "#" on; "" when it has no key. */
export function accessOf(fragment) {
  const key = new URLSearchParams(fragment.replace(/^#/, "")).get("k") ?? "";
  return KEY.test(key) ? base64url(hmacSha256(new TextEncoder().encode(key), new TextEncoder().encode(CONTEXT))) : "";
}

/** HMAC-SHA256 (RFC 2104) without crypto.subtle, which plain pages lack; `key` has at most 64 bytes. */
export function hmacSha256(key, bytes) {
  const pad = (value) => {
    const block = new Uint8Array(BLOCK_BYTES).fill(value);
    key.forEach((byte, index) => (block[index] ^= byte));
    return block;
  };
  const inner = fromHex(new Sha256().update(pad(0x36)).update(bytes).hex());
  return fromHex(new Sha256().update(pad(0x5c)).update(inner).hex());
}

function fromHex(digits) {
  return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
