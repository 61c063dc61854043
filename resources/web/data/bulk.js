// The binary messages of the bulk channel (docs/data-channels.md): kind, number, offset, payload.

export const BEGIN = 1;
export const DATA = 2;
export const END = 3;
export const HEADER_BYTES = 13;
const SHA256_BYTES = 32;

/** One message. `number` is the transfer's on this connection, `payload` a Uint8Array. */
export function frame(kind, number, offset, payload = new Uint8Array(0)) {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, number);
  view.setBigUint64(5, BigInt(offset));
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Read one message of at most `chunkBytes` of data: { kind, number, offset, payload }, or null when it is none. */
export function readFrame(data, chunkBytes) {
  if (!(data instanceof ArrayBuffer) || data.byteLength < HEADER_BYTES) {
    return null;
  }
  const view = new DataView(data);
  const kind = view.getUint8(0);
  const offset = view.getBigUint64(5);
  const length = data.byteLength - HEADER_BYTES;
  const fits =
    (kind === BEGIN && length === 0) ||
    (kind === DATA && length >= 1 && length <= chunkBytes) ||
    (kind === END && length === SHA256_BYTES);
  if (!fits || offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    return null;
  }
  return { kind, number: view.getUint32(1), offset: Number(offset), payload: new Uint8Array(data, HEADER_BYTES) };
}
