// Our signaling protocol (docs/protocol.md) on Node and npm's `ws`, as it is usually written, to compare with.
//   node signaling_server.js PORT
"use strict";
const { WebSocketServer } = require("ws");

const MAX_FRAME_BYTES = 64 * 1024;
const MAX_PARTICIPANTS = 10;
const rooms = new Map();

function encode(message) {
  return JSON.stringify(message);
}

function isId(value) {
  return typeof value === "string" && value.length > 0 && value.length <= 128 && !/\p{Cc}/u.test(value);
}

function stateOf(member) {
  const { userId, displayName, audioMuted, videoMuted } = member;
  return { userId, displayName, audioMuted, videoMuted };
}

function tellOthers(member, text) {
  for (const other of member.room.members.values()) {
    if (other !== member) other.socket.send(text);
  }
}

function refuse(socket, code, message) {
  socket.send(encode({ type: "error", code, message }));
}

function leave(socket) {
  const member = socket.member;
  if (!member) return;
  socket.member = null;
  member.room.members.delete(member.userId);
  if (member.room.members.size === 0) rooms.delete(member.room.id);
  else tellOthers(member, encode({ type: "peer-left", userId: member.userId }));
}

function join(socket, message) {
  const { roomId, userId } = message;
  if (!isId(roomId) || !isId(userId)) return refuse(socket, "bad-field", "An id is wrong.");
  if (socket.member) return refuse(socket, "already-joined", "This connection has already joined a room.");
  const room = rooms.get(roomId) ?? { id: roomId, members: new Map() };
  if (room.members.has(userId)) return refuse(socket, "user-id-taken", "Somebody already has this user id.");
  if (room.members.size >= MAX_PARTICIPANTS) return refuse(socket, "room-full", "The room is full.");
  const participants = Array.from(room.members.values(), stateOf);
  const member = {
    socket,
    room,
    userId,
    displayName: message.displayName ?? "",
    audioMuted: message.audioMuted ?? false,
    videoMuted: message.videoMuted ?? false,
  };
  room.members.set(userId, member);
  rooms.set(roomId, room);
  socket.member = member;
  const limits = { frameBytes: MAX_FRAME_BYTES, idChars: 128, nameChars: 80, participants: MAX_PARTICIPANTS };
  socket.send(encode({ type: "welcome", protocolVersion: 1, roomId, userId, participants, iceServers: [], limits }));
  tellOthers(member, encode({ type: "new-peer", ...stateOf(member) }));
}

function receive(socket, data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return refuse(socket, "bad-json", "The message is not valid JSON.");
  }
  if (typeof message !== "object" || message === null) return refuse(socket, "bad-message", "Not an object.");
  if (message.type === "join-room") return join(socket, message);
  const member = socket.member;
  if (!member) return refuse(socket, "not-joined", "This connection has not joined a room.");
  if (message.type === "signal") {
    const target = member.room.members.get(message.targetUserId);
    if (!target || target === member) return refuse(socket, "unknown-target", "Nobody has this user id.");
    target.socket.send(encode({ type: "signal", from: member.userId, data: message.data }));
  } else if (message.type === "leave-room") {
    leave(socket);
  } else if (message.type === "update-participant") {
    for (const key of ["displayName", "audioMuted", "videoMuted"]) member[key] = message[key] ?? member[key];
    tellOthers(member, encode({ type: "participant-updated", ...stateOf(member) }));
  } else {
    refuse(socket, "unknown-type", "The message type is not known.");
  }
}

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  perMessageDeflate: false,
  maxPayload: MAX_FRAME_BYTES,
});
server.on("connection", (socket) => {
  socket.member = null;
  socket.on("message", (data, isBinary) => {
    if (isBinary) refuse(socket, "binary-frame", "Messages are JSON text.");
    else receive(socket, data.toString());
  });
  socket.on("close", () => leave(socket));
  socket.on("error", () => leave(socket));
});
