// Small pictures of pictures that are offered: made here, or sent by a stranger.

import { MAX_PREVIEW_CHARS } from "./messages.js";

const MAX_BYTES = 24 * 1024;
const SIDE_PX = 240;
const MAX_SOURCE_BYTES = 30 * 1024 * 1024;
const MAX_SIDE_PX = 1024; // of a stranger's preview: a small file can describe an enormous picture
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Base64 of a JPEG of at most 24 KiB; null when the file is no picture that the browser can read. */
export async function makePreview(file) {
  if (!file.type.startsWith("image/") || file.size > MAX_SOURCE_BYTES) {
    return null;
  }
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, SIDE_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "#ffffff"; // a JPEG has no transparency
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    for (const quality of [0.8, 0.6, 0.4, 0.2]) {
      const [, base64] = canvas.toDataURL("image/jpeg", quality).split(",");
      if (base64.length <= MAX_PREVIEW_CHARS) {
        return base64;
      }
    }
  } catch (error) {
    console.info("no preview can be made", error);
  }
  return null;
}

/** The data: URL of a preview that somebody sent; null when it is no small PNG or JPEG. */
export function previewUrl(base64) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
  if (bytes.length > MAX_BYTES) {
    return null;
  }
  const kind = PNG.every((byte, i) => bytes[i] === byte) ? "png" : "jpeg";
  const size = kind === "png" ? sizeOfPng(bytes) : sizeOfJpeg(bytes);
  const fits = size !== null && size.every((side) => side >= 1 && side <= MAX_SIDE_PX);
  return fits ? `data:image/${kind};base64,${base64}` : null;
}

function sizeOfPng(bytes) {
  const view = new DataView(bytes.buffer);
  return bytes.length >= 24 ? [view.getUint32(16), view.getUint32(20)] : null;
}

/** From the frame header (ITU-T T.81, B.2.2), behind the segments before it. */
function sizeOfJpeg(bytes) {
  const view = new DataView(bytes.buffer);
  let at = 2;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) {
    return null;
  }
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)];
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
