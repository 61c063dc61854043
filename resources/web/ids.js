// Random names. crypto.randomUUID exists on secure pages only, getRandomValues everywhere.

/** 128 random bits in hexadecimal. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
