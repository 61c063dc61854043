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
      return typeof message === "string" && message !== "" ? message : "The server refused the call.";
  }
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
    case "disconnected":
      return "Connection interrupted…";
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
