// Every reason that a person reads, in one place.

/** Why a camera or microphone cannot be used. `kind` is "camera" or "microphone". */
export function deviceWords(error, kind) {
  switch (error?.name) {
    case "InsecureContext":
      return (
        `Browsers give a ${kind} to encrypted pages only: open the link that begins with https://. ` +
        "Without it you can join, see and hear."
      );
    case "NotAllowedError":
    case "SecurityError":
      return `The ${kind} is not allowed for this page. Allow it beside the address, then choose it again.`;
    case "NotFoundError":
      return `No ${kind} was found.`;
    case "OverconstrainedError":
      return `The chosen ${kind} is not connected any more.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${kind} does not start. Another program may be using it.`;
    default:
      return `The ${kind} cannot be used (${error?.name ?? "unknown reason"}).`;
  }
}

/** Why the server refused or ended something, from an `error` message. */
export function refusalWords(code, message) {
  switch (code) {
    case "room-full":
      return "The room is full. Try again when somebody has left.";
    case "user-id-taken":
      return "Somebody with your identity is already in the room. Try again.";
    case "field-too-long":
    case "bad-field":
      return "The server does not accept this room or this name. Check both.";
    case "server-shutdown":
      return "The server was shut down.";
    case "slow-reader":
      return "Your connection is too slow to keep up with the call.";
    default:
      return typeof message === "string" && message !== "" ? message.slice(0, 300) : "The server refused the call.";
  }
}

export const KICKED = "The host has removed you from the room.";
export const ENDED_ALONE = "The server could not be reached again, and nobody else was there any more.";
export const AWAY = "The connection to the server is lost. Sound and pictures go on; trying to get it back…";
export const AWAY_ALONE = "The connection to the server is lost. Trying to get it back…";
export const BACK = "The connection to the server is back.";

/** What the host asked of us, and was done. */
export function muteAskedWords(kind, name) {
  const who = name === "" ? "The host" : `${name} (host)`;
  return `${who} asked you to switch your ${kind === "audio" ? "microphone" : "camera"} off: it is off now.`;
}

export const LOST = "The connection to the server was lost. Check your network, then join again.";
export const UNREACHABLE = "The server cannot be reached. It may have been closed, or your network is down.";
export const NO_ANSWER = "The server does not answer. Try again in a moment.";
export const NO_WEBRTC = "This browser cannot carry video calls (WebRTC is missing or switched off).";
export const BAD_LINK = "This link names no room. Ask for the link again.";

/** The state of a connection to one person, for their tile; "" when there is nothing to say. */
export function peerWords(state) {
  switch (state) {
    case "new":
    case "connecting":
      return "Connecting…";
    case "waiting":
      return "Has not answered yet…";
    case "unstable":
      return "Connection unstable…";
    case "reconnecting":
      return "Reconnecting…";
    case "failed":
      return "No connection. A firewall may be in the way.";
    default:
      return "";
  }
}

/** Why nothing comes of somebody to their tile, by Topology.wayOf. */
export function wayWords(way) {
  switch (way) {
    case "connecting":
      return "Connecting…";
    case "interrupted":
      return "Connection interrupted…";
    case "beyond":
      return "Chat only: there are too many people for direct calls.";
    default:
      return "";
  }
}

/** What a change of the topology means for people; "" when it is no news to them. */
export function topologyWords(reason) {
  switch (reason) {
    case "sfu-lost":
      return "The media server is gone. Sound and pictures go directly from person to person now.";
    case "sfu-back":
      return "The media server is back.";
    case "no-sfu":
      return "So many people need a media server, which there is none of: sound and pictures may suffer.";
    default:
      return "";
  }
}

/** How many people are there, for the state line. */
export function crowdWords(others) {
  if (others === 0) {
    return "Nobody else is here yet";
  }
  return others === 1 ? "2 people" : `${others + 1} people`;
}

/** A word of quality.js, for the bars. */
export function qualityWords(word) {
  switch (word) {
    case "excellent":
      return "Connection: excellent";
    case "good":
      return "Connection: good";
    case "poor":
      return "Connection: poor";
    case "lost":
      return "Connection lost";
    default:
      return "Connection: not known yet";
  }
}

/** What the safety codes vouch for, by how sound and pictures travel. */
export function vouchWords(mode) {
  const compare =
    "Read the words under a name to each other. When both of you see the same four, nobody listens in between";
  return mode === "sfu"
    ? `${compare} to your chat, files and whiteboard. Sound and pictures go through the media server of this room, ` +
        "which could hear and see them."
    : `${compare}, not even the server.`;
}

/** Who waits to be let in, for the host. */
export function knockWords(names) {
  if (names.length <= 1) {
    return `${names[0] ?? "Somebody"} waits to be let in.`;
  }
  return names.length === 2
    ? `${names[0]} and ${names[1]} wait to be let in.`
    : `${names[0]} and ${names.length - 1} others wait to be let in.`;
}

/** The doors of the room, for whoever is not the host; "" when they are open. */
export function doorWords({ locked, lobby, hasPassword }) {
  const known = [
    locked && "The room is locked: nobody else comes in.",
    !locked && lobby && "The host is asked before somebody comes in.",
    hasPassword && "The room has a password.",
  ];
  return known.filter(Boolean).join(" ");
}

/** What is over, by the code of the refusal; the sentence that goes with it is the server's. */
export function endedTitle(code) {
  switch (code) {
    case "kicked":
      return "You were removed";
    case "banned":
      return "You cannot enter this room";
    case "wrong-link":
      return "This link does not open the room";
    default:
      return "The call has ended";
  }
}
