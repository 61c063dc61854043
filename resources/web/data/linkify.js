// Addresses in what people write. The result is plain data: whoever shows it makes nodes of it, never HTML.

const ADDRESS = /\b(?:https?:\/\/|mailto:)[^\s<>"'`\p{Cc}\p{Cf}]+/giu;
const TRAILING = /[.,;:!?…»”’]+$/u;
const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/** Parts of `words` in their order: { text } or { text, href }. Together the texts are `words`. */
export function linkify(words) {
  const parts = [];
  let at = 0;
  for (const match of words.matchAll(ADDRESS)) {
    const address = trim(match[0]);
    const href = allowed(address);
    if (href !== null) {
      if (match.index > at) {
        parts.push({ text: words.slice(at, match.index) });
      }
      parts.push({ text: address, href });
      at = match.index + address.length;
    }
  }
  if (at < words.length) {
    parts.push({ text: words.slice(at) });
  }
  return parts;
}

/** Without the punctuation of the sentence around it, and without brackets that it did not open. */
function trim(address) {
  let kept = address.replace(TRAILING, "");
  for (const [open, close] of ["()", "[]", "{}"]) {
    while (kept.endsWith(close) && kept.split(close).length > kept.split(open).length) {
      kept = kept.slice(0, -1).replace(TRAILING, "");
    }
  }
  return kept;
}

function allowed(address) {
  try {
    const url = new URL(address);
    return ALLOWED.has(url.protocol) && (url.protocol === "mailto:" || url.hostname !== "") ? url.href : null;
  } catch {
    return null;
  }
}
