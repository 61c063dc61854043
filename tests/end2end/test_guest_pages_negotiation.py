"""The guest page's Peer against deliveries that a network can produce: early, late, doubled, foreign.

Each case is a script that runs in one real page with two Peers, `a` and `b`, and returns what is to be true.
"""

from __future__ import annotations

import json

from .chromium import chromium_page
from .guest_tools import hosted, room_url

_SETUP = """
    const { Peer } = await import("/web/peer.js");
    const states = { a: [], b: [] };
    const until = async (condition) => {
        for (let i = 0; i < 400; i += 1) {
            if (condition()) return true;
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return false;
    };
    const make = (name, send) => {
        const peer = new Peer({ iceServers: [], tracks: { audio: null, video: null }, send });
        peer.addEventListener("state", ({ detail }) => states[name].push(detail));
        return peer;
    };
    const connected = () => a.state === "connected" && b.state === "connected";
"""

CASES = {
    "candidates before the description are kept": """
        const held = [];
        const a = make("a", (data) => {
            if (data.type === "offer") held.push(data); else b.receive(data);
            if (data.type === "candidate" && data.candidate === null) held.forEach((one) => b.receive(one));
        });
        const late = [];
        const b = make("b", (data) => {
            if (data.type === "answer") late.push(data); else a.receive(data);
            if (data.type === "candidate" && data.candidate === null) late.forEach((one) => a.receive(one));
        });
        a.offer();
        return { connected: await until(connected) };
    """,
    "messages of an older session are ignored": """
        const sessions = new Set();
        const a = make("a", (data) => { sessions.add(data.session); b.receive(data); });
        const b = make("b", (data) => {
            sessions.add(data.session);
            a.receive({ type: "candidate", candidate: { candidate: "candidate:nonsense" }, session: "old" });
            a.receive({ type: "answer", sdp: "v=0", session: "old" });
            a.receive(data);
        });
        a.offer();
        const ok = await until(connected);
        return { connected: ok, one: sessions.size === 1, random: [...sessions][0].length === 32 };
    """,
    "the bare forms and a missing session are understood": """
        const bare = (data) => data.type === "candidate" ? data.candidate
            : { sdp: { type: data.type, sdp: data.sdp } };
        const answers = [];
        const a = make("a", (data) => { if (bare(data)) b.receive(bare(data)); });
        const b = make("b", (data) => { answers.push(data); if (bare(data)) a.receive(bare(data)); });
        a.offer();
        const ok = await until(connected);
        return { connected: ok, none: answers.every((data) => !("session" in data)) };
    """,
    "a new offer with a new session replaces the connection": """
        let partner;
        const b = make("b", (data) => partner.receive(data));
        let a = make("a", (data) => b.receive(data));
        partner = a;
        a.offer();
        const first = await until(connected);
        const old = b.connection;
        const lost = a;
        a = make("a", (data) => b.receive(data));
        partner = a;
        a.offer();
        const again = await until(
            () => b.connection !== old && b.connection.connectionState === "connected" && b.state === "connected");
        lost.close();
        return { first, again, closed: await until(() => old.connectionState === "closed") };
    """,
    "a reborn client that uses no sessions replaces the connection, too": """
        const strip = ({ session, ...rest }) => rest;
        let partner;
        const b = make("b", (data) => partner.receive(strip(data)));
        let a = make("a", (data) => b.receive(strip(data)));
        partner = a;
        a.offer();
        const first = await until(connected);
        const old = b.connection;
        const lost = a;
        a = make("a", (data) => b.receive(strip(data)));
        partner = a;
        a.offer();
        const again = await until(
            () => b.connection !== old && b.connection.connectionState === "connected" && b.state === "connected");
        lost.close();
        return { first, again };
    """,
    "who was there before does not yield to a newcomer's offer": """
        let crossed = false;
        const a = make("a", (data) => { crossed = crossed || data.type === "answer"; b.receive(data); });
        const b = make("b", (data) => a.receive(data));
        a.offer();
        const other = new RTCPeerConnection();
        other.addTransceiver("audio");
        const foreign = await other.createOffer();
        other.close();
        a.receive({ type: "offer", sdp: foreign.sdp, session: "newcomer" });
        return { connected: await until(connected), stood: !crossed };
    """,
    "nonsense of any kind breaks nothing": """
        const nonsense = [
            null, 1, "x", [], {}, { type: "offer" }, { type: "offer", sdp: 7 }, { sdp: {} }, { sdp: [] },
            { type: "candidate" }, { type: "candidate", candidate: 7 }, { candidate: { candidate: 7 } },
            { candidate: "candidate:x", sdpMid: {}, sdpMLineIndex: 1e9 }, { type: "bye" },
            { candidate: { candidate: "rubbish" } }, { session: {} },
        ];
        const a = make("a", (data) => { nonsense.forEach((one) => b.receive(one)); b.receive(data); });
        const b = make("b", (data) => { nonsense.forEach((one) => a.receive(one)); a.receive(data); });
        a.offer();
        return { connected: await until(connected) };
    """,
    "a broken offer is a failure and a good one mends it": """
        const a = make("a", (data) => b.receive(data));
        const b = make("b", (data) => a.receive(data));
        b.receive({ type: "offer", sdp: "this is no description" });
        const failed = await until(() => b.state === "failed");
        a.offer();
        return { failed, connected: await until(connected) };
    """,
    "a closed peer sends and becomes nothing any more": """
        const sent = [];
        const a = make("a", (data) => sent.push(data));
        a.offer();
        await until(() => sent.length > 0);
        a.close();
        const count = sent.length;
        a.receive({ type: "answer", sdp: "v=0" });
        a.setTrack("audio", null);
        a.close();
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { closed: a.state === "closed", once: states.a.filter((one) => one === "closed").length === 1,
            quiet: sent.length === count, released: a.connection.connectionState === "closed" };
    """,
    "every state has its words or needs none": """
        const { peerWords } = await import("/web/words.js");
        const all = ["new", "waiting", "connecting", "connected", "unstable", "reconnecting", "failed",
            "closed"];
        const silent = all.filter((state) => peerWords(state) === "");
        return { silent: silent.join() === "connected,closed" };
    """,
}


async def test_the_peer_in_every_order_of_delivery() -> None:
    async with hosted() as server, chromium_page(room_url(server, "R")) as page:
        wrong = {}
        for name, script in CASES.items():
            result = await page.evaluate("async () => {" + _SETUP + script + "}")
            if not all(result.values()):
                wrong[name] = result
        assert not wrong, json.dumps(wrong, indent=1)
