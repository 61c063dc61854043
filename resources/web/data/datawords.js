// What a person reads about lines and files.

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** 1,234,567 -> "1.2 MB". */
export function sizeWords(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** 75 -> "1 min 15 s left". */
export function leftWords(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) {
    return `${whole} s left`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${whole % 60} s left`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min left`;
}

/** How far an own line has come. */
export function deliveryWords({ recipients, delivered }) {
  if (recipients.size === 0) {
    return "Nobody has it yet";
  }
  if (delivered.size === 0) {
    return "Sending…";
  }
  return delivered.size === recipients.size ? "Delivered" : `Delivered to ${delivered.size} of ${recipients.size}`;
}

const KEEP_OPEN = "Keep this page open: after it is closed or loaded again, the file starts from the beginning.";

/** The state of a file; `who` is the other participant's name. */
export function transferWords(transfer, who) {
  const { direction, state, message, doneBytes, sizeBytes, rateBytesS, leftS } = transfer;
  switch (state) {
    case "offered":
      return direction === "in" ? "" : `Waiting for ${who} to take it`;
    case "waiting":
      return `Waiting for the connection to ${who}. ${KEEP_OPEN}`;
    case "checking":
      return "Checking what is there already…";
    case "running": {
      const parts = [`${sizeWords(doneBytes)} of ${sizeWords(sizeBytes)}`];
      if (leftS !== null) {
        parts.push(`${sizeWords(rateBytesS)}/s`, leftWords(leftS));
      }
      return parts.join(" · ");
    }
    case "done":
      return direction === "in" ? "Complete, and checked" : `${who} has it`;
    default:
      return message;
  }
}
