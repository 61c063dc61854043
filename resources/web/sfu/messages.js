// What the server says about mesh and SFU (docs/sfu.md), read with care: each reader returns null for what is not it.

const MODES = ["mesh", "sfu"];
const PHASES = ["prepare", "commit", "abort"];
const CONNECTIONS = ["publish", "subscribe"];
const MAX_STREAMS = 512;
const MAX_SDP_CHARS = 64 * 1024;
const MAX_MID_CHARS = 16;

export const FEEDS = ["audio", "camera", "thumbnail", "screen"];
export const MAX_LARGE_FEEDS = 3;
export const MAX_FEEDS = 256;
export const DEFAULT_MESH_LIMIT = 8;
/** Nobody has said anything about topology. */
export const MESH = Object.freeze({ epoch: 0, mode: "mesh", phase: "commit", reason: "joined", meshLimit: Infinity });

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isText = (value, most) => typeof value === "string" && value !== "" && value.length <= most;

/** { epoch, mode, phase, reason, meshLimit } of `topology`, or of the part of `welcome`, which always is a commit. */
export function readTopology(value) {
  if (!isObject(value) || !isCount(value.epoch) || !MODES.includes(value.mode)) {
    return null;
  }
  const phase = value.phase ?? "commit";
  const meshLimit = value.meshLimit ?? DEFAULT_MESH_LIMIT;
  if (!PHASES.includes(phase) || !isCount(meshLimit) || meshLimit === 0) {
    return null;
  }
  return { epoch: value.epoch, mode: value.mode, phase, reason: String(value.reason ?? ""), meshLimit };
}

/** { epoch, sdp, number } of `sfu-published`; `number` is 0 of a server that does not say which offer it answers. */
export function readPublished({ epoch, sdp, number = 0 }) {
  return isCount(epoch) && isText(sdp, MAX_SDP_CHARS) && isCount(number) ? { epoch, sdp, number } : null;
}

/** { epoch, number, sdp, streams } of `sfu-offer`. */
export function readOffer({ epoch, number, sdp, streams }) {
  const read = readStreamList(streams);
  if (!isCount(epoch) || !isCount(number) || !isText(sdp, MAX_SDP_CHARS) || read === null) {
    return null;
  }
  return { epoch, number, sdp, streams: read };
}

/** { epoch, streams } of `sfu-streams`. */
export function readStreams({ epoch, streams }) {
  const read = readStreamList(streams);
  return isCount(epoch) && read !== null ? { epoch, streams: read } : null;
}

/** { epoch, kinds } of `sfu-watched`; kinds that we do not know are left out. */
export function readWatched({ epoch, kinds }) {
  if (!isCount(epoch) || !Array.isArray(kinds)) {
    return null;
  }
  return { epoch, kinds: new Set(kinds.filter((kind) => FEEDS.includes(kind))) };
}

/** { epoch, connection, message } of `sfu-failed`. */
export function readFailed({ epoch, connection, message }) {
  if (!isCount(epoch) || !CONNECTIONS.includes(connection)) {
    return null;
  }
  return { epoch, connection, message: typeof message === "string" ? message : "" };
}

/** { userId } of `active-speaker`; null is nobody. */
export function readActiveSpeaker({ userId = null }) {
  return userId === null || isText(userId, 512) ? { userId } : null;
}

/** A list in which one entry is bad is bad as a whole: half of it may show the wrong person. */
function readStreamList(streams) {
  if (!Array.isArray(streams) || streams.length > MAX_STREAMS) {
    return null;
  }
  const read = new Map();
  for (const each of streams) {
    if (!isObject(each) || !isText(each.mid, MAX_MID_CHARS) || !isText(each.userId, 512) || read.has(each.mid)) {
      return null;
    }
    if (!FEEDS.includes(each.kind) || !["boolean", "undefined"].includes(typeof each.active)) {
      return null;
    }
    read.set(each.mid, { mid: each.mid, userId: each.userId, kind: each.kind, active: each.active !== false });
  }
  return Array.from(read.values());
}
