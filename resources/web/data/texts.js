// What is left of words from somebody else. As in desktop_app/data/text.py.

const LINE_ENDS = /\r\n?|[\x0b\x0c\x85\u2028\u2029]/g;
/** Control characters but newline and tab, and what turns the direction of writing around. */
const FORBIDDEN = /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;
/** What has no picture: spaces, format characters, accents alone, fillers, an empty Braille cell. */
const BLANK = /^[\s\p{Cf}\p{Mn}\u115f\u1160\u2800\u3164\uffa0]*$/u;
const KEYCAP = /[#*0-9]\ufe0f?\u20e3/gu;
const EMOJI =
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\u{e0020}-\u{e007f}])+$/u;
/** Symbols to Unicode, in circles and squares, that spell words; and accents, which can be piled up. */
const LETTERS = /[\u2460-\u24ff\u{1f100}-\u{1f1e5}]|(?!\ufe0f)\p{Mn}/u;
const PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;

/** Several lines of text, without space around them; empty when nothing of it could be seen. */
export function cleanText(words) {
  const text = words.replace(LINE_ENDS, "\n").replace(FORBIDDEN, "").trim();
  return BLANK.test(text) ? "" : text;
}

/** One line of text. */
export function cleanLine(words) {
  return cleanText(words).replace(/\s+/gu, " ");
}

/** Whether it is a short row of emoji, so that nobody writes across others' pictures. */
export function isEmoji(words) {
  const pictures = words.replace(KEYCAP, "\u2b50");
  return EMOJI.test(pictures) && !LETTERS.test(pictures) && PICTURE.test(pictures);
}
