// The guest page: lobby, call, and what comes after it.

import { accessOf } from "./access.js";
import { Call } from "./call.js";
import { CallView } from "./callview.js";
import { Talk } from "./data/talk.js";
import { Lobby, storedName } from "./lobby.js";
import { LocalMedia } from "./media.js";
import { offerApplication } from "./openapp.js";
import { PeopleView } from "./people/peopleview.js";
import { BAD_LINK, NO_WEBRTC, endedTitle } from "./words.js";

/** Codes of refusals after which another try from here would fail like this one. */
const HOPELESS = new Set(["banned", "wrong-link"]);

const element = (id) => document.getElementById(id);

function showScreen(id) {
  for (const screen of document.querySelectorAll(".screen")) {
    screen.hidden = screen.id !== id;
  }
}

/** The room that the address names; null when it names none. */
function roomOfAddress() {
  try {
    return decodeURIComponent(location.pathname.split("/")[2] ?? "") || null;
  } catch {
    return null;
  }
}

function start(room) {
  const media = new LocalMedia();
  const lobby = new Lobby(media, room);
  const view = new CallView(media, room);
  const talk = new Talk();
  const people = new PeopleView();
  const access = accessOf(location.hash);
  offerApplication(element("open-app"), element("open-app-hint"));
  let call = null;
  let lastName = "";
  let password = "";

  async function openLobby(problem = "") {
    showScreen("lobby");
    element("name").focus();
    await lobby.open(problem);
  }

  async function join(name, { fromLobby }) {
    if (call !== null) {
      return;
    }
    lastName = name;
    const joining = new Call(media);
    call = joining;
    joining.addEventListener("waiting", () => call === joining && lobby.setWaiting(true));
    joining.addEventListener("ended", ({ detail }) => end(endedTitle(detail.code), detail.message, detail.code));
    if (!fromLobby) {
      showScreen("lobby");
      await lobby.open();
    }
    lobby.setProblem("");
    lobby.setBusy(true);
    if (call !== joining) {
      return; // the page was put aside meanwhile
    }
    view.open(joining, name); // before the first participant is reported
    talk.enter(joining, name);
    people.enter(joining, name);
    try {
      await joining.join({ room, name, access, password });
    } catch (refusal) {
      if (call === joining) {
        await refused(refusal);
      }
      return;
    }
    if (call !== joining) {
      return;
    }
    lobby.close();
    showScreen("call");
    view.entered();
    element("call-room").focus();
  }

  function leaveCall() {
    talk.leave();
    people.leave();
    call?.leave();
    call = null;
    view.close();
  }

  /** We were not let in. */
  async function refused({ code, message }) {
    if (HOPELESS.has(code)) {
      end(endedTitle(code), message, code);
      return;
    }
    leaveCall();
    const opening = openLobby(message);
    if (code === "password-required" || code === "wrong-password") {
      lobby.askPassword();
    }
    await opening;
  }

  function end(title, words, code = "") {
    leaveCall();
    lobby.close();
    media.closeBoth();
    element("ended-title").textContent = title;
    element("ended-words").textContent = words;
    const wasPutOut = HOPELESS.has(code) || code === "kicked";
    element("rejoin").hidden = wasPutOut;
    element("back").hidden = HOPELESS.has(code);
    element("back").textContent = wasPutOut ? "Back to the entrance" : "Change name or devices";
    element("home").hidden = !wasPutOut;
    showScreen("ended");
    element(wasPutOut ? "ended-title" : "rejoin").focus();
  }

  lobby.addEventListener("join", ({ detail }) => {
    password = detail.password;
    join(detail.name, { fromLobby: true });
  });
  lobby.addEventListener("cancel", () => {
    leaveCall();
    openLobby();
  });
  view.addEventListener("leave", () => end("You left the call", `The room ${room} stays open for the others.`));
  people.addEventListener("said", ({ detail }) => view.say(detail));
  people.addEventListener("open", () => talk.closePanel());
  talk.addEventListener("open", () => people.close());
  element("rejoin").addEventListener("click", () => join(lastName, { fromLobby: false }));
  element("back").addEventListener("click", () => openLobby());
  // A page that is put aside keeps its state, but the others must not wait for a heartbeat to see that we left.
  addEventListener("pagehide", () => {
    if (call) {
      end("You left the call", "The page was closed.");
    }
  });

  // For tests and for a look from the browser's console: nothing here changes anything.
  window.bridgecall = Object.freeze({
    participants: () =>
      Array.from(call?.participants.values() ?? [], ({ userId, name, audioMuted, videoMuted, peer }) => ({
        userId,
        name,
        audioMuted,
        videoMuted,
        state: peer.state,
      })),
    queued: (label) =>
      Array.from(talk.hub.links.values()).reduce((sum, link) => sum + link.queuedBytes(label), 0),
    board: () => talk.board.board.shapes().map(({ site, seq }) => [site, seq]),
    dropped: (userId) => ({ ...talk.hub.links.get(userId)?.dropped }),
    topology: () => ({ mode: call?.topology.mode, coming: call?.topology.coming, epoch: call?.topology.epoch }),
    paths: (userId) => {
      const paths = call?.participants.get(userId)?.paths;
      const way = (kind) => paths?.pathOf(kind)?.split(" ")[0] ?? null; // without the epoch
      return { audio: way("audio"), video: way("video") };
    },
    streams: () => call?.topology.sfu?.subscriber.streams ?? [],
    sending: () => call?.topology.sfu?.publisher.sending ?? [],
    sfu: () => ({
      publisher: call?.topology.sfu?.publisher.connection ?? null,
      subscriber: call?.topology.sfu?.subscriber.connection ?? null,
    }),
    server: () => call?.isServerThere ?? false,
    quality: (userId) => call?.quality.wordOf(userId) ?? null,
    connection: (userId) => call?.participants.get(userId)?.peer.connection ?? null,
  });

  const options = new URLSearchParams(location.search);
  const name = (options.get("name") ?? storedName()).trim().slice(0, 80);
  if (options.has("name")) {
    element("name").value = name;
  }
  if (options.get("join") === "1" && name !== "") {
    join(name, { fromLobby: false });
  } else {
    openLobby();
  }
}

function refuse(words) {
  element("ended-title").textContent = "This does not work here";
  element("ended-words").textContent = words;
  element("rejoin").hidden = true;
  element("back").hidden = true;
  showScreen("ended");
  element("ended-title").focus();
}

const room = roomOfAddress();
if (room === null) {
  refuse(BAD_LINK);
} else if (typeof RTCPeerConnection === "undefined") {
  refuse(NO_WEBRTC);
} else {
  document.title = `${room} – Bridgecall`;
  start(room);
}
