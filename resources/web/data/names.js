// What a file from somebody else is called here.

const MAX_BYTES = 180; // of 255 that file systems allow: a browser appends " (2)" and ".crdownload"
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu; // also what turns the direction of writing around
const FORBIDDEN = /[<>:"|?*]/g;
const MAX_EXTENSION_CHARS = 20;

const encoder = new TextEncoder();

/** A name without path, control characters, and what some system reserves; never empty. */
export function cleanName(name) {
  let clean = name.normalize("NFC").split(/[/\\]/).at(-1);
  clean = clean.replace(INVISIBLE, "").replace(FORBIDDEN, "_").replace(/\s+/gu, " ");
  clean = clean.replace(/^[. ]+/, "").replace(/[. ]+$/, "");
  if (RESERVED.test(clean)) {
    clean = `_${clean}`;
  }
  return shorten(clean) || "file";
}

/** Cut the part before the extension, between characters. */
function shorten(name) {
  const dot = name.lastIndexOf(".");
  const hasExtension = dot > 0 && name.length - dot <= MAX_EXTENSION_CHARS;
  const extension = hasExtension ? name.slice(dot) : "";
  const stem = Array.from(hasExtension ? name.slice(0, dot) : name);
  let room = MAX_BYTES - encoder.encode(extension).length;
  let kept = "";
  for (const char of stem) {
    room -= encoder.encode(char).length;
    if (room < 0) {
      break;
    }
    kept += char;
  }
  return kept + extension;
}
