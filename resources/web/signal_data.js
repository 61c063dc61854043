// The `data` of a signal message (docs/protocol.md): written in one form, read in all known ones.

const MAX_SESSION_CHARS = 64;

/** `session` is null when the other end uses none. */
export function describe(description, session) {
  return named({ type: description.type, sdp: description.sdp }, session);
}

/** `candidate` is an RTCIceCandidate, or null at the end of them. */
export function candidateData(candidate, session) {
  return named({ type: "candidate", candidate: candidateInit(candidate) }, session);
}

/** The RTCIceCandidateInit of an RTCIceCandidate; null at the end of them. */
export function candidateInit(candidate) {
  if (candidate === null || candidate.candidate === "") {
    return null;
  }
  const { candidate: line, sdpMid, sdpMLineIndex } = candidate;
  return { candidate: line, sdpMid, sdpMLineIndex };
}

function named(data, session) {
  return session === null ? data : { ...data, session };
}

/**
 * Read what another participant sent, which may be anything at all.
 * Returns { kind: "offer" | "answer", sdp, session }, { kind: "candidate", candidate, session },
 * { kind: "reconnect", session } or null.
 */
export function readSignal(data) {
  if (data === null || typeof data !== "object") {
    return null;
  }
  const session = sessionOf(data);
  if (typeof data.sdp === "object" && data.sdp !== null) {
    return description(data.sdp, session);
  }
  if (data.type === "offer" || data.type === "answer") {
    return description(data, session);
  }
  if (data.type === "reconnect") {
    return { kind: "reconnect", session };
  }
  if (typeof data.candidate === "string") {
    return candidate(data, session);
  }
  if (typeof data.candidate === "object") {
    return candidate(data.candidate, session);
  }
  return null;
}

function sessionOf(data) {
  return typeof data.session === "string" && data.session.length <= MAX_SESSION_CHARS ? data.session : null;
}

function description({ type, sdp }, session) {
  if ((type !== "offer" && type !== "answer") || typeof sdp !== "string") {
    return null;
  }
  return { kind: type, sdp, session };
}

function candidate(value, session) {
  if (value === null || value.candidate === "") {
    return { kind: "candidate", candidate: null, session };
  }
  if (typeof value.candidate !== "string") {
    return null;
  }
  return {
    kind: "candidate",
    candidate: {
      candidate: value.candidate,
      sdpMid: typeof value.sdpMid === "string" ? value.sdpMid : null,
      sdpMLineIndex: Number.isInteger(value.sdpMLineIndex) ? value.sdpMLineIndex : 0,
    },
    session,
  };
}
