"""The guest page under more messages than anybody honest sends: what is counted is the work that they make."""

from __future__ import annotations

from .guest_scripts import SIDES, run_scripts

CASES = {
    "never more than at once and what time has brought": """
        const { FloodGate, TokenBucket } = await import("/web/data/rate.js");
        let ms = 0;
        const bucket = new TokenBucket(2, 10, () => ms);
        const taken = (times) => Array.from({ length: times }, () => bucket.take()).filter(Boolean).length;
        const steps = [taken(50), taken(5), (ms += 1000, taken(50)), (ms += 1e6, taken(50)), bucket.take(11)];
        const admitted = (label, data) => {
            const gate = new FloodGate(label, () => ms);
            return Array.from({ length: 20_000 }, () => gate.admits(data)).filter(Boolean).length;
        };
        const labels = ["control", "chat", "files", "board", "pointer", "bulk"];
        const counts = labels.map((label) => admitted(label, "x"));
        const large = labels.map((label) => admitted(label, new ArrayBuffer(2 ** 20)));
        return { steps: steps.join() === "10,0,2,10,false" || steps.join(),
            counts: counts.join() === "3000,3000,3000,3000,240,10000" || counts.join(),
            large: large.join() === "24,24,24,24,2,128" || large.join() };
    """,
    "a flood is not read, and its sender's other channels are": """
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        eve.say("control", { ...allHello, capabilities: ["board", "reactions"] });
        await until(() => eve.told("board-state").length > 0);
        let read = 0;
        ann.hub.received = ((received) => (link, label, message) => {
            read += label === "board";
            received.call(ann.hub, link, label, message);
        })(ann.hub.received);
        const started = performance.now();
        const link = linkOf(ann, eve);
        for (let i = 0; i < 12_000; i += 1) {
            eve.say("board", { type: "board-state", seen: {} });
            if (i % 500 === 0) await until(() => eve.channels.get("board").bufferedAmount < 100_000);
        }
        const all = await until(() => read + link.dropped.flood >= 12_000);
        const allowed = 3000 + (performance.now() - started) * 0.3 + 60; // the gate and this test read the clock apart
        eve.say("control", { type: "hand", raised: true });
        const raised = await until(() => ann.signs.isRaised(eve.call.userId));
        return { all, some: link.dropped.flood > 0, few: read <= allowed || [read, allowed].join(), raised };
    """,
    "of states that say what they have, few are compared": """
        const { Outbox } = await import("/web/board/outbox.js");
        let looked = 0;
        const board = { missing: () => ((looked += 1), [].values()), lengthOf: () => 0 };
        const link = { dropped: { flood: 0 } };
        const outbox = new Outbox(link, board);
        for (let i = 0; i < 1000; i += 1) {
            const seen = outbox.hear({ seen: new Map(), more: false });
            if (seen !== null) outbox.compare(seen);
        }
        return { few: looked >= 40 && looked < 60 || looked, others: looked + link.dropped.flood === 1000 };
    """,
    "what is missing is put in order only as far as it is sent": """
        const { inOrder } = await import("/web/board/merging.js");
        let compared = 0;
        const isAfter = (a, b) => ((compared += 1), a > b);
        const lists = Array.from({ length: 100 },
            (_, i) => Array.from({ length: 500 }, (_, n) => n * 1000 + (i * 37) % 100));
        const tails = lists.map((list, i) => [list, i, 500 - i]);
        const first = inOrder(tails, isAfter);
        const begin = Array.from({ length: 200 }, () => first.next().value);
        const few = compared < 3500 || compared;
        const wanted = tails.flatMap(([list, from, to]) => list.slice(from, to)).sort((a, b) => a - b);
        const same = (found, other) => found.length === other.length && found.every((one, i) => one === other[i]);
        const sizes = [0, 1, 2, 3, 7].every((count) => {
            const some = tails.slice(0, count);
            const sorted = some.flatMap(([list, from, to]) => list.slice(from, to)).sort((a, b) => a - b);
            return same(Array.from(inOrder(some, isAfter)), sorted);
        });
        return { few, begin: same(begin, wanted.slice(0, 200)), sizes,
            all: same([...begin, ...first], wanted),
            none: Array.from(inOrder([[[1], 1, 1], [[], 5, 0]], isAfter)).length === 0 };
    """,
    "the whiteboard is looked at once a picture, and not while it is closed": """
        const { BoardView } = await import("/web/board/boardview.js");
        const toggle = document.getElementById("board-toggle");
        toggle.replaceWith(toggle.cloneNode(true)); // the page's own view is not to be opened with ours
        document.getElementById("call").hidden = false;
        const ann = side("Ann");
        const { board } = ann.board;
        let looked = 0;
        const shapes = board.shapes.bind(board);
        board.shapes = () => ((looked += 1), shapes());
        new BoardView(ann.hub, ann.board, ann.pointers);
        looked = 0;
        const come = (from, count) => {
            for (let seq = from; seq < from + count; seq += 1) {
                const op = { site: "a".repeat(16), seq, clock: seq, author: "u", kind: "add", targets: [] };
                Object.assign(op, { shape: { ...shape(seq), text: "" }, seen: null, target: null });
                ann.board.received(null, { type: "board-ops", ops: [op] });
            }
        };
        come(1, 300);
        const closed = looked === 0 || looked;
        document.getElementById("board-toggle").click();
        const opened = looked === 1 || looked;
        const label = () => document.getElementById("board-canvas").getAttribute("aria-label");
        const right = label() === "Whiteboard with 300 shapes" || label();
        come(301, 300);
        const later = await until(() => label() === "Whiteboard with 600 shapes");
        const few = looked === 2 || looked;
        document.getElementById("board-toggle").click();
        document.getElementById("call").hidden = true;
        return { closed, opened, right, later, few };
    """,
}

_FLOODS = (
    SIDES + "const shape = (n) => ({ tool: 'line', color: '#112233', width: 2, points: [n, 0, n + 10, 5] });"
)


async def test_a_flood_makes_little_work() -> None:
    await run_scripts(_FLOODS, CASES)
