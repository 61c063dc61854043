"""What the guest page's chat believes, and what strangers cannot do to others' lines."""

from __future__ import annotations

from .guest_scripts import SIDES, run_scripts

_SETUP = (
    SIDES
    + """
    /** A stranger who is connected and chats. */
    const stranger = async (one, name, userId = randomId()) => {
        const eve = { call: { userId }, name };
        await connectRaw(one, eve);
        eve.say("control", allHello);
        await until(() => eve.told("chat-known").length === 1);
        eve.says = (line) => eve.say("chat", { type: "chat-line", line });
        eve.tells = (...lines) => eve.say("chat", { type: "chat-history", lines });
        eve.heardHistory = async () => {
            eve.say("chat", { type: "chat-known", tags: [] });
            eve.says({ id: randomId(), author: userId, text: "last", sentMs: 1 });
            await until(() => eve.told("chat-received").length > 0);
            return eve.told("chat-history").flatMap(({ lines }) => lines.map(({ text }) => text));
        };
        return eve;
    };
    const line = (author, text, rest = {}) => ({ id: randomId(), author, text, sentMs: 1000, to: null, ...rest });
    const part = (one, other) => one.call.dispatchEvent(new CustomEvent("left", { detail: other.call.userId }));
    const { tagOf } = await import("/web/data/chatlines.js");
"""
)

CASES = {
    "an id is its author's, and nobody keeps another's line away by it": """
        const ann = side("Ann");
        const eve = await stranger(ann, "Eve");
        const bob = await stranger(ann, "Bob");
        const theirs = line(bob.call.userId, "meet at nine");
        eve.says({ ...theirs, author: eve.call.userId, text: "x" });
        eve.tells({ ...theirs, author: randomId(), text: "y" });
        await until(() => ann.chat.lines.length === 2);
        bob.says(theirs);
        const heard = await until(() => ann.chat.lines.length === 3);
        const mine = ann.chat.say("mine");
        const of = () => ann.chat.lines.find(({ id }) => id === mine.id);
        bob.say("chat", { type: "chat-known", tags: [tagOf(eve.call.userId, mine.id), mine.id] });
        eve.say("chat", { type: "chat-received", ids: [mine.id] });
        await until(() => of().delivered.size > 0);
        return { heard, one: Array.from(of().delivered).join() === eve.call.userId,
            tag: tagOf("bob", "0123456789abcdef".repeat(2)) === "b796e82cebcd31469c8c0976ba50ce24" };
    """,
    "what a liar told is put right by the author, who is asked for it": """
        const ann = side("Ann");
        const eve = await stranger(ann, "Eve");
        const id = randomId();
        const theirs = line(id, "pay 10");
        eve.tells({ ...theirs, text: "pay 1000" }, line(randomId(), "hearsay"));
        await until(() => ann.chat.lines.length === 2);
        const removed = [];
        ann.chat.addEventListener("removed", ({ detail }) => removed.push(detail));
        const bob = await stranger(ann, "Bob", id);
        const asked = bob.told("chat-known")[0].tags.length === 1;
        bob.tells(theirs);
        const right = await until(() => ann.texts().includes("pay 10"));
        eve.tells({ ...theirs, text: "pay 2000" }, line(randomId(), "end"));
        await until(() => ann.texts().includes("end"));
        return { asked, right, stands: !ann.texts().some((text) => text.startsWith("pay 1000") || text === "pay 2000"),
            removed: removed.join() === tagOf(id, theirs.id) };
    """,
    "who makes up a long history takes nobody's lines away": """
        const ann = side("Ann");
        const eve = await stranger(ann, "Eve");
        const bob = await stranger(ann, "Bob");
        ann.chat.say("mine");
        bob.says(line(bob.call.userId, "Bob's"));
        await until(() => ann.chat.lines.length === 2);
        for (let i = 0; i < 40; i += 1) {
            eve.tells(...Array.from({ length: 50 }, () => line("zed", "z", { sentMs: Date.now() + 30_000 })));
        }
        const refused = await until(() => linkOf(ann, eve).dropped.received >= 10);
        const kept = ann.texts().filter((text) => text !== "z").sort().join();
        bob.says(line(bob.call.userId, "and more"));
        const more = await until(() => ann.texts().includes("and more"));
        return { refused, kept: kept === "Bob's,mine", more, bounded: ann.chat.lines.length === 1500 };
    """,
    "what is told of others takes no place of what came from its author, and everybody else has a share": """
        const { ChatLines } = await import("/web/data/chatlines.js");
        const lines = new ChatLines();
        let number = 0;
        const add = (via, firstHand) => {
            number += 1;
            const tag = `${via} ${number}`;
            return lines.add({ tag, sentMs: number, text: "x", via, firstHand })?.map(({ tag }) => tag).join() ?? null;
        };
        for (let i = 0; i < 1500; i += 1) add("bob", true);
        const hearsay = add("eve", false);
        const ours = add("ann", true);
        const more = add("ann", true);
        const mixed = new ChatLines();
        const tell = (via, tag, sentMs) => mixed.add({ tag, sentMs, text: "x", via, firstHand: false });
        for (let i = 0; i < 1500; i += 1) tell("eve", `${i}`, i);
        const [oldest] = tell("bob", "new", 5000);
        const old = (via, tag) => mixed.isTooOld({ tag, sentMs: 0, text: "x", via, firstHand: false });
        return { hearsay: hearsay === null, ours: ours === "bob 1", more: more === "bob 2", oldest: oldest.tag === "0",
            had: lines.had("bob 1") && lines.had("bob 3") && !lines.had("eve 1501"),
            old: old("eve", "0") && !old("bob", "0") };
    """,
    "nobody tells words of somebody who is connected, or private ones": """
        const ann = side("Ann");
        const eve = await stranger(ann, "Eve");
        const bob = await stranger(ann, "Bob");
        const now = performance.timeOrigin + performance.now();
        eve.tells(line(bob.call.userId, "I resign", { sentMs: now }), line(ann.call.userId, "mine"),
            line(bob.call.userId, "private", { to: ann.call.userId }), line(randomId(), "\\u200b"),
            line(bob.call.userId, "before", { sentMs: now - 60_000 }),
            line(eve.call.userId, "Eve's", { to: ann.call.userId }));
        await until(() => ann.chat.lines.length === 2);
        return { those: ann.texts().sort().join() === "Eve's,before",
            nothing: ann.chat.say("\\u200b\\u3164") === null };
    """,
    "who comes under the name of somebody who left is told nothing private": """
        const ann = side("Ann");
        const bob = await stranger(ann, "Bob");
        const id = bob.call.userId;
        bob.says(line(id, "between us", { to: ann.call.userId }));
        await until(() => ann.chat.lines.length === 1);
        const secret = ann.chat.say("secret", id);
        const all = ann.chat.say("for all");
        const { recipients } = ann.chat.lines.find(({ id }) => id === all.id);
        const waited = recipients.has(id);
        part(ann, bob);
        const waits = recipients.has(id);
        const other = await stranger(ann, "Bob", id);
        const tags = other.told("chat-known")[0].tags.length;
        const heard = await other.heardHistory();
        return { heard: heard.join() === "for all", tags: tags === 1, waited, over: !waits,
            sealed: ann.chat.lines.find(({ id }) => id === secret.id).sealed };
    """,
    "what was said while somebody had no connection is not old to them": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        ann.chat.say("before");
        const way = await connect(ann, bob);
        await until(() => bob.chat.lines.length === 1);
        linkOf(bob, ann).detach();
        ann.chat.say("during");
        linkOf(ann, bob).detach();
        way.offer();
        await until(() => bob.chat.lines.length === 2);
        return { histories: bob.chat.lines.map(({ fromHistory }) => fromHistory).join() === "true,false" };
    """,
}


async def test_what_the_guest_page_believes() -> None:
    await run_scripts(_SETUP, CASES)
