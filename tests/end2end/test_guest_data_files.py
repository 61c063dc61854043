"""The guest page's files over real connections within one page, some of them to hostile far ends."""

from __future__ import annotations

from .guest_scripts import SIDES, run_scripts

_SETUP = (
    SIDES
    + """
    const { frame, readFrame, BEGIN, DATA, END } = await import("/web/data/bulk.js");
    const { tagOf } = await import("/web/data/files_send.js");
    const WINDOW_BYTES = 448 * 1024; // the contract's
    const { Sha256 } = await import("/web/data/sha256.js");
    /** What a page saves, as the browser would: the blobs behind the links that it clicks. */
    const saved = [];
    const makeUrl = URL.createObjectURL;
    URL.createObjectURL = (blob) => { saved.push(blob); return makeUrl.call(URL, blob); };
    const clicks = [];
    HTMLAnchorElement.prototype.click = function () { clicks.push(this.download); };
    const lastSaved = async () => new Uint8Array(await saved.at(-1).arrayBuffer());
    const offerTo = async (one, other, bytes, name = "a.bin") => {
        const count = other.transfers.length;
        one.files.offer(new File([bytes], name), [linkOf(one, other)], null);
        await until(() => other.transfers.length > count);
        return [one.transfers.at(-1), other.transfers.at(-1)];
    };
    const bytesOf = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
    /** An offer of somebody whose channels are in our hands. */
    const rawOffer = async (one, eve, more = {}) => {
        const transferId = randomId();
        const count = one.transfers.length;
        eve.number = (eve.number ?? 0) + 1;
        const { number } = eve;
        eve.say("files", { type: "file-offer", transferId, number, name: "e.bin", sizeBytes: 1000, ...more });
        await until(() => one.transfers.length > count);
        const transfer = one.transfers.at(-1);
        one.files.accept(transfer);
        await until(() => eve.told("file-accept").some((message) => message.transferId === transferId));
        const bulk = (kind, offset, payload) => eve.channels.get("bulk").send(frame(kind, number, offset, payload));
        bulk(BEGIN, 0);
        return { transfer, bulk, number, transferId };
    };
    const meetEve = async () => {
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        eve.say("control", allHello);
        await until(() => linkOf(ann, eve).isReady);
        return [ann, eve];
    };
"""
)

CASES = {
    "a file arrives whole, with its progress, and an empty one too": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        const bytes = noise(3_000_001);
        const [out, into] = await offerTo(ann, bob, bytes, "../a:b.bin");
        const rates = [];
        into.addEventListener("change", () => rates.push(into.doneBytes));
        let most = 0;
        const { send } = RTCDataChannel.prototype;
        RTCDataChannel.prototype.send = function (data) {
            send.call(this, data);
            most = Math.max(most, this.label === "bulk" ? this.bufferedAmount : 0);
        };
        await bob.files.accept(into);
        const over = await until(() => out.isOver && into.isOver);
        RTCDataChannel.prototype.send = send;
        const [empty, emptyIn] = await offerTo(bob, ann, new Uint8Array(0), "empty");
        const same = (await hexDigest(await lastSaved())) === (await hexDigest(bytes));
        await ann.files.accept(emptyIn);
        await until(() => empty.isOver && emptyIn.isOver);
        return { over, same, done: out.state === "done" && into.state === "done", empty: empty.state === "done",
            nothing: (await lastSaved()).length === 0, names: clicks.slice(-2).join() === "a_b.bin,empty",
            grew: rates.length > 1, bounded: most > 0 && most <= 131_072,
            free: !ann.files.isBusy && !bob.files.isBusy };
    """,
    "several at once, both ways": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        const all = [];
        for (let i = 0; i < 4; i += 1) {
            all.push(await offerTo(ann, bob, noise(700_000 + i)), await offerTo(bob, ann, noise(300_000 + i)));
        }
        for (const side of [ann, bob]) {
            for (const one of side.transfers.filter(({ direction }) => direction === "in")) side.files.accept(one);
        }
        const over = await until(() => all.flat().every(({ isOver }) => isOver));
        return { over, done: all.flat().every(({ state }) => state === "done") };
    """,
    "after a new connection it goes on where it was": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        const way = await connect(ann, bob);
        const bytes = noise(6_000_000);
        const [out, into] = await offerTo(ann, bob, bytes);
        const states = [];
        for (const one of [out, into]) one.addEventListener("change", () => states.push(one.state));
        await bob.files.accept(into);
        await until(() => into.doneBytes > 1_000_000);
        way.offer();
        await until(() => states.includes("waiting"));
        const at = into.doneBytes;
        const over = await until(() => out.isOver && into.isOver);
        const same = (await hexDigest(await lastSaved())) === (await hexDigest(bytes));
        return { over, same, done: out.state === "done" && into.state === "done", at: at > 1_000_000,
            checked: states.includes("checking") };
    """,
    "who comes back under another name goes on by the tag": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        const bytes = noise(6_000_000);
        const [out, into] = await offerTo(ann, bob, bytes);
        await bob.files.accept(into);
        await until(() => into.doneBytes > 500_000);
        leave(ann, bob);
        bob.hub.leave();
        const waiting = out.state === "waiting" && into.state === "waiting";
        bob.call = Object.assign(new EventTarget(), { userId: randomId() });
        bob.hub.enter(bob.call, "Bob");
        await connect(ann, bob);
        const over = await until(() => out.isOver && into.isOver);
        return { waiting, over, same: (await hexDigest(await lastSaved())) === (await hexDigest(bytes)),
            moved: out.userId === bob.call.userId, one: bob.transfers.length === 1 };
    """,
    "declined, and cancelled from either side": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        const [out, into] = await offerTo(ann, bob, noise(1000));
        bob.files.decline(into);
        await until(() => out.isOver);
        const declined = out.state === "declined" && into.state === "declined" && out.message.includes("Bob");
        const results = {};
        for (const [who, before] of [["sender", true], ["sender", false], ["receiver", false]]) {
            const [there, here] = await offerTo(ann, bob, noise(8_000_000));
            if (!before) {
                await bob.files.accept(here);
                await until(() => here.doneBytes > 0);
            }
            if (who === "sender") ann.files.cancel(there); else bob.files.cancel(here);
            await until(() => there.isOver && here.isOver);
            results[`${who} ${before}`] = there.state === "cancelled" && here.state === "cancelled"
                && here.sink === null;
        }
        const [next, nextIn] = await offerTo(ann, bob, noise(5000));
        await bob.files.accept(nextIn);
        await until(() => next.isOver);
        return { declined, ...results, next: next.state === "done", count: saved.length === 1 };
    """,
    "a file that changed meanwhile is not mixed": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        const way = await connect(ann, bob);
        const [out, into] = await offerTo(ann, bob, noise(6_000_000));
        await bob.files.accept(into);
        await until(() => into.doneBytes > 500_000);
        out.file = new File([noise(6_000_000)], "a.bin");
        way.offer();
        await until(() => out.isOver && into.isOver);
        const [gone, goneIn] = await offerTo(ann, bob, noise(500_000));
        gone.file = new File([noise(400_000)], "a.bin");
        await bob.files.accept(goneIn);
        await until(() => gone.isOver && goneIn.isOver);
        return { failed: out.state === "failed" && into.state === "failed", words: into.message.includes("changed"),
            gone: gone.state === "failed" && goneIn.message.includes("cannot be read") };
    """,
    "what is not what was offered is thrown away": """
        const [ann, eve] = await meetEve();
        const good = noise(1000);
        const digest = bytesOf(new Sha256().update(good).hex());
        const ends = {
            right: ["done", (bulk) => { bulk(DATA, 0, good); bulk(END, 1000, digest); }],
            digest: ["bad-digest", (bulk) => { bulk(DATA, 0, good); bulk(END, 1000, new Uint8Array(32)); }],
            gap: ["bad-data", (bulk) => bulk(DATA, 5, good.subarray(0, 5))],
            twice: ["bad-data", (bulk) => { bulk(DATA, 0, good.subarray(0, 5)); bulk(DATA, 0, good.subarray(0, 5)); }],
            long: ["too-long", (bulk) => { bulk(DATA, 0, good); bulk(DATA, 1000, good.subarray(0, 1)); }],
            short: ["too-short", (bulk) => { bulk(DATA, 0, good.subarray(0, 9)); bulk(END, 9, digest); }],
            end: ["bad-data", (bulk) => { bulk(DATA, 0, good); bulk(END, 999, digest); }],
        };
        const results = {};
        for (const [name, [code, act]] of Object.entries(ends)) {
            const { transfer, bulk, transferId } = await rawOffer(ann, eve);
            act(bulk);
            await until(() => transfer.isOver);
            const type = code === "done" ? "file-done" : "file-cancel";
            await until(() => eve.told(type).some((message) => message.transferId === transferId));
            const said = eve.told(type).find((message) => message.transferId === transferId);
            const failed = transfer.state === "failed" && said.code === code;
            results[name] = code === "done" ? transfer.state === "done" : failed;
        }
        const flood = await rawOffer(ann, eve, { sizeBytes: 50_000_000 });
        flood.transfer.sink.write = () => new Promise(() => {}); // a disk that hangs
        for (let i = 0; i < 60; i += 1) flood.bulk(DATA, i * 60_000, new Uint8Array(60_000));
        results.flood = await until(() => flood.transfer.state === "failed");
        const full = await rawOffer(ann, eve);
        full.transfer.sink.write = async () => { throw new DOMException("full", "QuotaExceededError"); };
        full.bulk(DATA, 0, good);
        results.full = await until(() => full.transfer.state === "failed" && full.transfer.message.includes("no room"));
        return { ...results, saved: saved.length === 1 };
    """,
    "offers without end and repeated ones": """
        const [ann, eve] = await meetEve();
        const offer = (transferId, number, more = {}) => eve.say("files",
            { type: "file-offer", transferId, number, name: "e.bin", sizeBytes: 1000, ...more });
        for (let i = 0; i < 60; i += 1) offer(randomId(), i);
        await until(() => eve.told("file-decline").length === 10);
        const bounded = ann.transfers.length === 50;
        const first = ann.transfers[0];
        ann.files.accept(first);
        await until(() => eve.told("file-accept").length === 1);
        offer(first.transferId, 100);
        await until(() => eve.told("file-accept").length === 2);
        offer(first.transferId, 101, { sizeBytes: 999 });
        offer(first.transferId, 102, { name: "other" });
        eve.channels.get("bulk").send(frame(DATA, 0, 0, new Uint8Array(10)));
        await until(() => linkOf(ann, eve).dropped.received >= 3 + 10);
        const good = noise(1000);
        eve.channels.get("bulk").send(frame(BEGIN, 100, 0));
        eve.channels.get("bulk").send(frame(DATA, 100, 0, good));
        eve.channels.get("bulk").send(frame(END, 100, 1000, bytesOf(new Sha256().update(good).hex())));
        await until(() => eve.told("file-done").length === 1);
        offer(first.transferId, 103);
        const again = await until(() => eve.told("file-done").length === 2);
        ann.files.decline(ann.transfers[1]);
        offer(ann.transfers[1].transferId, 104);
        const still = await until(() => eve.told("file-decline").length === 12);
        return { bounded, again, still, accepted: eve.told("file-accept").length === 2, done: first.state === "done" };
    """,
    "the sender keeps to the window and believes nothing": """
        const [ann, eve] = await meetEve();
        const bytes = noise(3_000_000);
        ann.files.offer(new File([bytes], "w.bin"), [linkOf(ann, eve)], null);
        await until(() => eve.told("file-offer").length === 1);
        const [{ transferId, number }] = eve.told("file-offer");
        const frames = () => eve.heard.filter(([label]) => label === "bulk").map(([, data]) => readFrame(data, 16384));
        const received = () => frames().filter(({ kind }) => kind === DATA)
            .reduce((sum, { payload }) => sum + payload.length, 0);
        const dropped = () => linkOf(ann, eve).dropped.received;
        for (const wrong of [{ offset: 4_000_000, prefixSha256: "0".repeat(64) }, { offset: 5 }]) {
            eve.say("files", { type: "file-accept", transferId, ...wrong });
        }
        await until(() => dropped() === 2);
        eve.say("files", { type: "file-accept", transferId, offset: 0 });
        await until(() => received() > WINDOW_BYTES - 16384);
        await new Promise((resolve) => setTimeout(resolve, 300));
        const stopped = received() <= WINDOW_BYTES;
        eve.say("files", { type: "file-progress", transferId, receivedBytes: 2_900_000 });
        eve.say("files", { type: "file-accept", transferId, offset: 0 });
        await until(() => dropped() === 4);
        let acknowledged = 0;
        const whole = await until(() => {
            if (received() > acknowledged) {
                acknowledged = received();
                eve.say("files", { type: "file-progress", transferId, receivedBytes: acknowledged });
            }
            return frames().at(-1).kind === END;
        });
        const end = frames().at(-1);
        const right = end.offset === 3_000_000 && (await hexDigest(bytes)) === Array.from(end.payload,
            (byte) => byte.toString(16).padStart(2, "0")).join("");
        const [transfer] = ann.transfers;
        const waits = transfer.state === "running";
        eve.say("files", { type: "file-done", transferId });
        await until(() => transfer.isOver);
        const order = frames().every(({ kind, number: its }, i) => its === number && (kind === BEGIN) === (i === 0));
        return { stopped, whole, right, waits, order, done: transfer.state === "done" };
    """,
    "tags are for the two alone": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        const [out, into] = await offerTo(ann, bob, noise(6_000_000));
        await bob.files.accept(into);
        await until(() => into.doneBytes > 0);
        const eve = raw("Eve");
        await connectRaw(ann, eve);
        eve.say("control", allHello);
        const others = tagOf(out.transferId, bob.call.userId, ann.call.userId);
        eve.say("files", { type: "file-unfinished", tags: [others] });
        eve.say("files", { type: "file-cancel", transferId: out.transferId });
        await until(() => linkOf(ann, eve).dropped.received === 1);
        await until(() => out.isOver && into.isOver);
        return { none: eve.told("file-offer").length === 0, done: into.state === "done" && out.state === "done" };
    """,
}


async def test_files_between_participants() -> None:
    await run_scripts(_SETUP, CASES)
