"""The guest page's chat, files and signs over real connections within one page, some of them to hostile far ends."""

from __future__ import annotations

from .guest_scripts import SIDES, run_scripts

CASES = {
    "lines arrive, private ones at one only, and are acknowledged": """
        const [ann, bob, cat] = [side("Ann"), side("Bob"), side("Cat")];
        await connect(ann, bob);
        await connect(ann, cat);
        await connect(bob, cat);
        const all = ann.chat.say("to all");
        const one = ann.chat.say("to Bob", bob.call.userId);
        const of = (line) => ann.chat.lines.find(({ id }) => id === line.id);
        const delivered = await until(() => of(all).delivered.size === 2 && of(one).delivered.size === 1);
        const answer = bob.chat.say("answer");
        const back = await until(() => ann.texts().includes("answer") && cat.texts().includes("answer"));
        return { delivered, back, bob: bob.texts().join() === "to all,to Bob,answer",
            cat: cat.texts().join() === "to all,answer", recipients: of(one).recipients.size === 1,
            mine: of(all).own && !bob.chat.lines[0].own,
            nothing: ann.chat.say("  ") === null && ann.chat.say("x".repeat(4001)) === null,
            longest: ann.chat.say("\\u{1F600}".repeat(4000)) !== null };
    """,
    "who comes late and who returns get the history, and no line twice": """
        const [ann, bob, cat] = [side("Ann"), side("Bob"), side("Cat")];
        ann.chat.say("nobody here");
        const annsWay = await connect(ann, bob);
        ann.chat.say("for Bob alone", bob.call.userId);
        for (let i = 0; i < 250; i += 1) bob.chat.say(`line ${i} ${"x".repeat(300)}`);
        await until(() => ann.chat.lines.length === 252);
        linkOf(ann, bob).detach();
        linkOf(bob, ann).detach();
        const meanwhile = ann.chat.say("meanwhile Ann");
        bob.chat.say("meanwhile Bob");
        annsWay.offer();
        const again = await until(() => ready(ann, bob) && ann.texts().includes("meanwhile Bob")
            && bob.texts().includes("meanwhile Ann"));
        await connect(ann, cat);
        await connect(bob, cat);
        const late = await until(() => cat.chat.lines.length === 253);
        const last = ann.chat.lines.filter(({ own }) => own).at(-1);
        const acknowledged = await until(() => last.delivered.size === 2);
        const { firstHand, fromHistory } = bob.chat.lines.find(({ id }) => id === meanwhile.id);
        return { again, late, live: firstHand && !fromHistory, acknowledged,
            same: ann.texts().join() === bob.texts().join(),
            cats: cat.texts().join() === ann.texts().filter((text) => text !== "for Bob alone").join(),
            bobs: bob.chat.lines.length === 254, history: cat.chat.lines[0].fromHistory };
    """,
    "a page that joins again keeps its lines as its own": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        ann.chat.say("before");
        await until(() => bob.chat.lines.length === 1);
        leave(bob, ann);
        ann.hub.leave();
        ann.call = Object.assign(new EventTarget(), { userId: randomId() });
        ann.hub.enter(ann.call, "Ann");
        await connect(ann, bob);
        bob.chat.say("after");
        await until(() => ann.chat.lines.length === 2);
        return { ann: ann.texts().join() === "before,after", own: ann.chat.lines[0].own,
            bob: bob.texts().join() === "before,after", known: bob.hub.nameOf(bob.chat.lines[0].author) === "Ann" };
    """,
    "nothing but hello goes out before theirs, and what overtook it waits": """
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        await until(() => eve.heard.length > 0);
        ann.signs.raise(true);
        ann.chat.say("early");
        const early = { id: randomId(), author: eve.call.userId, text: "overtook", sentMs: 5 };
        eve.say("chat", { type: "chat-line", line: early });
        await new Promise((resolve) => setTimeout(resolve, 300));
        const quiet = eve.heard.length === 1 && eve.told("hello").length === 1 && ann.chat.lines.length === 1;
        eve.say("control", allHello);
        const answered = await until(
            () => eve.told("chat-known").length === 1 && eve.told("chat-received").length === 1);
        eve.say("control", allHello);
        eve.say("chat", { type: "chat-known", tags: [] });
        await until(() => eve.told("chat-history").length === 2);
        eve.say("chat", { type: "chat-known", tags: [] });
        await until(() => linkOf(ann, eve).dropped.received === 2);
        const hello = eve.told("hello")[0];
        return {
            quiet, answered,
            told: eve.told("chat-history").map(({ late, lines }) => `${late} ${lines.map(({ text }) => text)}`).join()
                === "false overtook,true early",
            capabilities: hello.capabilities.join() === "chat,files,reactions,board,pointer",
            chunk: hello.chunkBytes === 65536,
            held: ann.texts().includes("overtook") };
    """,
    "what is believed of lines": """
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        eve.say("control", allHello);
        const mine = ann.chat.say("mine");
        const other = randomId();
        const by = (author, text, more) =>
            ({ id: randomId(), author, authorName: "N", text, sentMs: Date.now(), ...more });
        const history = (...lines) => eve.say("chat", { type: "chat-history", t: Date.now(), lines });
        const live = (line, t = Date.now()) => eve.say("chat", { type: "chat-line", t, line });
        const told = by(other, "as told");
        const hers = by(eve.call.userId, "as told by others");
        history(told, { ...told, text: "told otherwise" }, by(ann.call.userId, "never said"),
            by(other, "private", { to: randomId() }), { ...told, id: mine.id, text: "of the same id" });
        live(by(eve.call.userId, "\\u202eevil\\u0007\\r\\nnext\\tline \\u2066x\\u2069 "));
        live(by(eve.call.userId, "\\u0000 \\u202d"));
        const ahead = by(eve.call.userId, "ahead", { sentMs: Date.now() + 3_600_000 });
        live(ahead, Date.now() + 3_600_000);
        live(by(eve.call.userId, "from next year", { sentMs: 2e12 }));
        live(hers);
        await until(() => ann.texts().includes(hers.text));
        const answer = ann.chat.say("an answer");
        const at = (text) => ann.chat.lines.find((line) => line.text === text)?.sentMs;
        const near = (text) => Math.abs(at(text) - Date.now()) < 60_000;
        const has = (text) => ann.texts().includes(text);
        return { told: has("as told") && !has("told otherwise"), private: !has("private"),
            mine: has("mine") && has("of the same id") && !has("never said"), clean: has("evil\\nnext\\tline x"),
            ahead: near("ahead"), year: near("from next year"), last: ann.texts().at(-1) === "an answer",
            dropped: await until(() => linkOf(ann, eve).dropped.received === 2) };
    """,
    "what waits is bounded, and the oldest goes": """
        const { Link } = await import("/web/data/link.js");
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        const link = linkOf(ann, eve);
        for (let i = 0; i < 130; i += 1) link.send("control", { type: "reaction", emoji: String(i) });
        link.send("chat", { type: "chat-received", ids: ["x".repeat(70_000)] });
        eve.say("control", allHello);
        await until(() => eve.told("reaction").length >= 100);
        const told = eve.told("reaction").map(({ emoji }) => emoji);
        const wanted = Array.from({ length: 100 }, (_, i) => i + 30);
        return { count: told.length === 100, order: told.join() === wanted.join(),
            dropped: link.dropped.sent === 31 };
    """,
    "a far end without data channels is a call like any other": """
        const ann = side("Ann");
        const other = new RTCPeerConnection();
        let description;
        const here = newPeer((data) => {
            if (data.type === "answer") { description = data; other.setRemoteDescription(data); }
            else if (data.candidate) other.addIceCandidate(data.candidate);
        });
        meet(ann, raw("Old"), here);
        other.addTransceiver("audio");
        other.addTransceiver("video");
        other.addEventListener("icecandidate", ({ candidate }) =>
            here.receive({ type: "candidate", candidate: candidate?.toJSON() ?? null }));
        const offer = await other.createOffer();
        here.receive({ type: "offer", sdp: offer.sdp });
        await other.setLocalDescription(offer);
        const connected = await until(() => here.state === "connected" && other.connectionState === "connected");
        const early = ann.chat.say("said before they are known") && ann.chat.lines[0].recipients.size === 1;
        ann.chat.giveUp(ann.hub.without("chat"));
        const given = ann.chat.lines[0].recipients.size === 0;
        const silent = ann.hub.without("chat").length === 1 && ann.hub.linksWith("chat").length === 0;
        const said = ann.chat.say("nobody can read it") !== null;
        other.close();
        return { connected, early, given, silent, said, none: !offer.sdp.includes("m=application") };
    """,
    "nonsense on every channel changes nothing": """
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        eve.say("control", allHello);
        await until(() => linkOf(ann, eve).isReady);
        const id = randomId();
        const eves = { id, author: eve.call.userId, text: "x", sentMs: 1 };
        const texts = ["", "null", "{", '{"v":1,"type":"what"}', "[".repeat(30_000),
            '{"v":2,"type":"hand","raised":true}',
            ...[
                { type: "chat-line", line: { ...eves, author: ann.call.userId } },
                { type: "chat-line", line: { ...eves, author: randomId() } },
                { type: "chat-line", line: { ...eves, to: randomId() } },
                { type: "chat-history", lines: [{ ...eves, to: randomId() }] },
                { type: "file-accept", transferId: id }, { type: "file-done", transferId: id },
                { type: "file-cancel", transferId: id }, { type: "file-progress", transferId: id, receivedBytes: 5 },
                { type: "reaction", emoji: "words" }, { type: "reaction", emoji: "\\u24bb\\u24ca" },
                { type: "reaction", emoji: "12" }, { type: "board-state", seen: {} },
                { type: "pointer", surface: "board", x: 1, y: 1 },
            ].map((message) => JSON.stringify({ v: 1, t: 1, ...message }))];
        let sent = 0;
        for (const channel of eve.channels.values()) {
            for (const data of [...texts, new Uint8Array(3), new Uint8Array(60_000)]) {
                channel.send(data);
                sent += channel.label === "pointer" ? 0 : 1; // that one may lose some
            }
        }
        const counted = await until(() => linkOf(ann, eve).dropped.received >= sent);
        eve.say("control", { type: "hand", raised: true });
        const alive = await until(() => ann.signs.isRaised(eve.call.userId));
        return { counted, alive, none: ann.chat.lines.length === 0 && ann.transfers.length === 0 };
    """,
    "hands and reactions": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        const seen = [];
        for (const type of ["reaction", "hand"]) {
            bob.signs.addEventListener(type, ({ detail }) => seen.push([type, detail.emoji ?? detail.raised].join()));
        }
        ann.signs.raise(true);
        const way = await connect(ann, bob);
        const before = await until(() => bob.signs.isRaised(ann.call.userId));
        ann.signs.react("\\u{1F44D}");
        await until(() => seen.length === 2);
        way.offer();
        await until(() => linkOf(bob, ann).generation > 1 && ready(ann, bob));
        ann.signs.raise(false);
        const down = await until(() => !bob.signs.isRaised(ann.call.userId));
        ann.signs.raise(true);
        await until(() => bob.signs.isRaised(ann.call.userId));
        leave(bob, ann);
        return { before, down, seen: seen.join(" ") === "hand,true reaction,\\u{1F44D} hand,false hand,true hand,false",
            gone: !bob.signs.isRaised(ann.call.userId) };
    """,
}


async def test_chat_and_signs_between_participants() -> None:
    await run_scripts(SIDES, CASES)
