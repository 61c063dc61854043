"""The guest page's whiteboard: the same picture as the application's, whatever comes in which order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
from playwright.async_api import expect

from desktop_app.data.board.document import Board, op_id
from desktop_app.data.messages.board import BoardOps, Op

from .chromium import chromium_page, collect_complaints
from .guest_scripts import SIDES, run_scripts
from .guest_tools import WAIT_S, eventually, hosted, room_url, wait_connected
from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

WAIT_MS = WAIT_S * 1000
SITES = ("a" * 16, "b" * 16, "c" * 16)
ROUNDS = 40

_MERGE = """async (rounds) => {
    const { decode } = await import("/web/data/messages.js");
    const { Board } = await import("/web/board/document.js");
    return rounds.map((messages) => {
        const board = new Board();
        for (const message of messages) {
            const read = decode("board", message);
            if (read !== null) board.merge(read.ops);
        }
        const seen = Object.fromEntries(board.seen());
        return { shapes: board.shapes().map(({ site, seq }) => [site, seq]), seen, gaps: board.hasGaps,
            missing: Array.from(board.missing(new Map()), ({ site, seq }) => [site, seq]) };
    });
}"""


def _some_ops(generator: random.Random) -> list[Op]:
    """What three participants may do, and what none of them should."""
    ops: list[Op] = []
    for site in SITES:
        clock = 0
        for seq in range(1, generator.randint(2, 14)):
            clock += generator.choice((1, 1, 2, 5))
            ops.append(msgspec.convert(_content(generator, site, seq, clock), Op))
    for op in generator.sample(ops, 2):  # somebody lies
        wrong = generator.choice(
            ({"clock": op.clock + 2_000_000}, {"author": "other"}, {"seq": op.seq + 90}, {"clock": 1})
        )
        ops.append(msgspec.structs.replace(op, **wrong))
    return ops


def _content(generator: random.Random, site: str, seq: int, clock: int) -> dict[str, Any]:
    op: dict[str, Any] = {"site": site, "seq": seq, "clock": clock, "author": f"user-{site[0]}"}
    kind = generator.choice((*["add"] * 6, "remove", "clear", "undo", "redo"))
    if kind == "add":
        tool, count = generator.choice((("pen", 6), ("pen", 2), ("line", 4), ("text", 2), ("line", 6)))
        text = {"text": "words"} if tool == "text" else {}
        points = [generator.randint(0, 99) for _ in range(count)]
        shape = {"tool": tool, "color": "#112233", "width": 2, "points": points, **text}
        return {**op, "kind": kind, "shape": shape}
    if kind == "remove":
        targets = [
            [generator.choice(SITES), generator.randint(1, 12)] for _ in range(generator.randint(0, 3))
        ]
        return {**op, "kind": kind, "targets": targets}
    if kind == "clear":
        return {**op, "kind": kind, "seen": {generator.choice(SITES): generator.randint(1, 6)}}
    return {**op, "kind": kind, "target": [site, generator.randint(1, max(1, seq - 1))]}


def _texts() -> list[Op]:
    """A text, of what one language or another calls a space, at the beginning of each site."""
    ops = []
    for site, text in enumerate(
        ("\ufeff", "\x85", "\x1c", "\xa0", "\u3000", "\u200b", "\r", "\v", " ", "\n\t")
    ):
        op = {"site": f"{site:016x}", "author": "u", "kind": "add"}
        shape = {"tool": "text", "color": "#112233", "width": 2, "points": [1, 2], "text": text}
        line = {**shape, "tool": "pen", "text": ""}
        ops += [{**op, "seq": 1, "clock": 1, "shape": shape}, {**op, "seq": 2, "clock": 2, "shape": line}]
    return msgspec.convert(ops, list[Op])


async def test_the_document_is_the_applications() -> None:
    generator = random.Random(5)
    rounds: list[list[str]] = []
    wanted: list[dict[str, Any]] = []
    for round_ in range(ROUNDS):
        ops = _some_ops(generator) if round_ else _texts()
        generator.shuffle(ops)
        ops += generator.sample(ops, 3)
        board = Board()
        messages = []
        for at in range(0, len(ops), 4):
            text = msgspec.json.encode(BoardOps(ops=tuple(ops[at : at + 4]))).decode()
            messages.append(text)
            board.merge(msgspec.json.decode(text, type=BoardOps).ops)
        rounds.append(messages)
        wanted.append(
            {
                "shapes": [list(op_id(op)) for op in board.shapes()],
                "seen": board.seen(),
                "gaps": board.has_gaps,
                "missing": [list(op_id(op)) for op in board.missing({})],
            }
        )
    assert sum(len(one["shapes"]) for one in wanted) > ROUNDS  # there is something to see
    async with hosted() as server, chromium_page(room_url(server, "R")) as page:
        assert await page.evaluate(_MERGE, rounds) == wanted


_CASES = {
    "all draw at once, and see the same": """
        const all = [side("Ann"), side("Bob"), side("Cat")];
        const [ann, bob, cat] = all;
        await connect(ann, bob);
        await connect(ann, cat); // Bob and Cat have no way to each other
        for (const [i, one] of all.entries()) {
            for (let n = 0; n < 100; n += 1) one.board.draw(shape(n, i));
        }
        const everywhere = (count) => until(() => all.every(({ board }) => board.board.shapes().length === count));
        const drawn = await everywhere(300);
        const equal = await until(() => picture(ann) === picture(bob) && picture(ann) === picture(cat));
        ann.board.rub(bob.board.board.shapes().slice(0, 10).map(({ site, seq }) => [site, seq]));
        bob.board.undo();
        bob.board.undo();
        bob.board.redo();
        const less = await until(() => all.every(({ board }) => [289, 290].includes(board.board.shapes().length)));
        const same = await until(() => picture(ann) === picture(bob) && picture(ann) === picture(cat));
        ann.board.undo();
        await until(() => bob.board.board.shapes().length === 299);
        cat.board.clear();
        const cleared = await everywhere(0);
        cat.board.undo();
        const back = await everywhere(299);
        return { drawn, equal, less, same, cleared, back, undo: cat.board.canUndo, redo: cat.board.canRedo };
    """,
    "who was away gets what was drawn, and under a new name goes on drawing": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        const way = await connect(ann, bob);
        ann.board.draw(shape(1));
        linkOf(ann, bob).detach();
        linkOf(bob, ann).detach();
        ann.board.draw(shape(2));
        bob.board.draw(shape(3));
        way.offer();
        const again = await until(() => ready(ann, bob) && bob.board.board.count === 3 && ann.board.board.count === 3);
        leave(ann, bob);
        bob.hub.leave();
        bob.call = Object.assign(new EventTarget(), { userId: randomId() });
        bob.hub.enter(bob.call, "Bob");
        const drew = bob.board.draw(shape(4));
        await connect(ann, bob);
        return { again, drew, four: await until(() => ann.board.board.shapes().length === 4),
            same: picture(ann) === picture(bob) };
    """,
    "shapes that are none are not drawn, and long strokes are cut": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        const draw = (more) => ann.board.draw({ ...shape(1), ...more });
        const none = [{ points: [] }, { points: [1, 2, 3] }, { points: [NaN, 1, 2, 3] }, { points: [1e7, 1, 2, 3] },
            { width: 0 }, { color: "red" }, { tool: "brush" }, { tool: "text" }, { text: "x" },
            { tool: "text", text: "  ", points: [1, 2] }].filter(draw);
        const long = Array.from({ length: 9000 }, (_, i) => i / 7);
        const cut = draw({ tool: "pen", points: long });
        await until(() => bob.board.board.shapes().length === 3);
        const pieces = bob.board.board.shapes().map(({ shape: { points } }) => points);
        ann.board.undo();
        const end = (points) => points.slice(-2).join();
        return { none: none.length === 0, cut, whole: await until(() => bob.board.board.shapes().length === 0),
            joined: [1, 2].every((i) => pieces[i].slice(0, 2).join() === end(pieces[i - 1])) };
    """,
    "somebody else's operations in our name do not silence us": """
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        eve.say("control", { ...allHello, capabilities: ["board"] });
        await until(() => eve.told("board-state").length > 0);
        ann.board.draw(shape(1));
        eve.say("board", { type: "board-state", seen: {} });
        await until(() => eve.told("board-ops").length === 1);
        const [{ ops: [{ site, author }] }] = eve.told("board-ops");
        const theft = { site, seq: 2, clock: 2, author, kind: "add", shape: shape(2) };
        eve.say("board", { type: "board-ops", ops: [theft] });
        await until(() => ann.board.board.count === 2);
        const next = ann.board.draw(shape(3));
        await until(() => eve.told("board-ops").length === 2);
        const other = eve.told("board-ops")[1].ops[0];
        const states = eve.told("board-state").length;
        eve.say("board", { type: "board-state", seen: { [site]: 2, [other.site]: 99 } }); // they say so
        await until(() => eve.told("board-state").length > states);
        const kept = ann.board.canUndo;
        eve.say("board", { type: "board-ops", ops: [{ ...theft, site: other.site, seq: 7 }] });
        const taken = await until(() => !ann.board.canUndo);
        return { next, other: other.site !== site && other.seq === 1, kept, taken };
    """,
    "thousands of sites are compared and cleared in parts, and who invents them closes nothing": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        const sites = Array.from({ length: 3500 }, (_, i) => i.toString(16).padStart(16, "0"));
        const none = { targets: [], seen: null, target: null };
        ann.board.board.merge(sites.map((site) => ({ site, seq: 1, clock: 1, author: "u", kind: "add",
            shape: { ...shape(1), text: "" }, ...none })));
        await connect(ann, bob);
        const all = await until(() => bob.board.board.shapes().length === 3500);
        bob.board.clear();
        const cleared = await until(() => ann.board.board.shapes().length === 0);
        const parts = ann.board.board.seen().size === 3501 && ann.board.board.count === 3503;
        bob.board.undo();
        const back = await until(() => ann.board.board.shapes().length === 3500);
        ann.board.draw(shape(2));
        return { all, cleared, parts, back, drawn: await until(() => bob.board.board.shapes().length === 3501) };
    """,
    "pointers and strokes come and go": """
        const [ann, bob] = [side("Ann"), side("Bob")];
        await connect(ann, bob);
        ann.pointers.point(10.04, 20);
        const there = await until(() => bob.pointers.pointers().length === 1);
        const [{ userId, x, y }] = bob.pointers.pointers();
        for (let i = 0; i < 50; i += 1) ann.pointers.point(i, i);
        const last = await until(() => bob.pointers.pointers()[0].x === 49);
        const long = Array.from({ length: 3000 }, (_, i) => i);
        ann.pointers.showStroke({ tool: "pen", color: "#112233", width: 4, points: long, text: "" });
        const drawing = await until(() => bob.pointers.strokes().length === 1);
        const [{ points }] = bob.pointers.strokes();
        ann.pointers.showStroke(null);
        const drawn = await until(() => bob.pointers.strokes().length === 0);
        ann.pointers.point(1, 1, false);
        const away = await until(() => bob.pointers.pointers().length === 0);
        ann.pointers.point(2, 2);
        await until(() => bob.pointers.pointers().length === 1);
        leave(bob, ann);
        return { there, place: userId === ann.call.userId && x === 10 && y === 20, last, drawing, drawn, away,
            short: points.length === 200 && points[0] === 0 && points.at(-1) === 2999,
            gone: bob.pointers.pointers().length === 0 };
    """,
    "what is no pointer, and what was overtaken, is not shown": """
        const [ann, eve] = [side("Ann"), raw("Eve")];
        await connectRaw(ann, eve);
        eve.say("control", { ...allHello, capabilities: ["pointer"] });
        await until(() => linkOf(ann, eve).isReady);
        const take = (message) => ann.pointers.received(linkOf(ann, eve), message);
        const at = (t, more) => ({ type: "pointer", t, surface: "board", x: t, y: 0, visible: true, ...more });
        take(at(5000));
        take(at(4000));
        const newest = ann.pointers.pointers()[0].x === 5000;
        take(at(6000, { surface: "video:x" }));
        const elsewhere = ann.pointers.pointers().length === 0;
        const stroke = (more) => ({ type: "stroke", t: 1, done: false, shape: { ...shape(1), text: "", ...more } });
        const refused = [{ tool: "pen", points: Array(402).fill(1) }, { points: [1, 2] }, { text: "x" }].map(
            (more) => take(stroke(more)));
        return { newest, elsewhere, refused: !refused.includes(true), none: ann.pointers.strokes().length === 0 };
    """,
    "nonsense is dropped": """
        const { decode } = await import("/web/data/messages.js");
        const good = { site: "a".repeat(16), seq: 1, clock: 1, author: "u", kind: "add", shape: shape(1) };
        const message = (op) => JSON.stringify({ v: 1, t: 1, type: "board-ops", ops: [{ ...good, ...op }] });
        const read = (op) => decode("board", message(op));
        const inShape = (more) => ({ shape: { ...shape(1), ...more } });
        const wrong = [{ site: "A".repeat(16) }, { site: 7 }, { seq: 0 }, { seq: 1.5 }, { clock: -1 }, { author: "" },
            { kind: "what" }, { kind: "constructor" }, { shape: 7 }, { shape: [] }, inShape({ points: "x" }),
            inShape({ points: [1] }), inShape({ points: [1, "2"] }), inShape({ points: Array(4001).fill(1) }),
            inShape({ points: [1e7, 1] }), inShape({ width: 101 }), inShape({ color: "#ABCDEF" }),
            inShape({ tool: null }), inShape({ text: "x".repeat(501) }), { targets: [[1, 2]] },
            { targets: Array(501).fill(["a".repeat(16), 1]) },
            { target: ["a".repeat(16)] }, { target: "x" }, { seen: [] }, { seen: { a: 1 } },
            { seen: { ["a".repeat(16)]: 0 } }, { seen: { __proto__: 1, ["a".repeat(16)]: null } }];
        const state = (seen) => decode("board", JSON.stringify({ v: 1, t: 1, type: "board-state", seen }));
        const many = Object.fromEntries(Array.from({ length: 1501 }, (_, i) => [i.toString(16).padStart(16, "0"), 1]));
        const taken = wrong.filter((op) => read(op) !== null);
        const pointer = (more, type = "pointer") => decode("pointer", JSON.stringify(
            { v: 1, t: 1, type, surface: "board", x: 1, y: 2, shape: shape(1), ...more })) !== null;
        const points = [{ surface: "" }, { surface: 7 }, { x: "1" }, { x: null }, { y: 1e7 }, { visible: 1 }];
        const strokes = [{ shape: null }, { shape: 7 }, { done: 1 }];
        const pointed = pointer({}) && pointer({}, "stroke") && !points.some((more) => pointer(more))
            && !strokes.some((more) => pointer(more, "stroke"));
        return { pointed, good: read({}) !== null,
            none: taken.length === 0 || JSON.stringify(taken), state: state({}) !== null,
            states: [null, 7, [], { x: 1 }, many].every((seen) => state(seen) === null) };
    """,
}

_BOARDS = (
    SIDES
    + """
    const shape = (n, i = 0) => ({ tool: "line", color: "#112233", width: 2, points: [n, i, n + 10, i + 5] });
    const picture = ({ board }) => board.board.shapes().map(({ site, seq }) => site + seq).join();
"""
)


async def test_participants_draw_together() -> None:
    await run_scripts(_BOARDS, _CASES)


async def _ink(page: Page, red: int, green: int, blue: int) -> int:
    """How many pixels of the whiteboard have this colour."""
    count: int = await page.evaluate(
        """([red, green, blue]) => {
            const canvas = document.querySelector("#board-canvas");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let i = 0; i < data.length; i += 4) {
                const away = Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue);
                count += away < 12;
            }
            return count;
        }""",
        [red, green, blue],
    )
    return count


async def _drag(page: Page, *points: tuple[int, int]) -> None:
    """Draw with the mouse, in pixels from the whiteboard's corner."""
    box = await page.locator("#board-canvas").bounding_box()
    assert box is not None
    for index, (x, y) in enumerate(points):
        await page.mouse.move(box["x"] + x, box["y"] + y, steps=1 if index == 0 else 5)
        if index == 0:
            await page.mouse.down()
    await page.mouse.up()


async def test_a_guest_draws_and_one_who_comes_later_sees_it_through_the_application(tmp_path: Path) -> None:
    async with (
        ServerProcess(tmp_path) as server,
        BotProcess(tmp_path, "bot", server.url, "R", camera="none", microphone="none") as bot,
        chromium_page(fake_media=False) as ann,
        chromium_page(fake_media=False, size=(390, 844)) as bob,
    ):
        await bot.wait_for_event("joined")
        complaints = [collect_complaints(ann), collect_complaints(bob)]
        await ann.goto(f"http://localhost:{server.port}/r/R?name=Ann&join=1")
        await wait_connected(ann, "bot")
        await ann.click("#board-toggle")
        canvas = ann.locator("#board-canvas")
        await _drag(ann, (60, 60), (200, 160), (300, 60))
        await ann.click("#board-tools button[value=rectangle]")
        await ann.click("#board-colors button[value='#d62c2c']")
        await ann.click("#board-widths button[value='8']")
        await _drag(ann, (350, 60), (500, 160))
        await ann.click("#board-tools button[value=text]")
        await _drag(ann, (60, 260))
        await ann.keyboard.type("Words")
        await ann.keyboard.press("Enter")
        await expect(canvas).to_have_attribute("aria-label", "Whiteboard with 3 shapes")
        await ann.keyboard.press("Control+z")
        await expect(canvas).to_have_attribute("aria-label", "Whiteboard with 2 shapes")
        await ann.keyboard.press("Control+Shift+z")
        await ann.click("#board-tools button[value=eraser]")
        await _drag(ann, (180, 100), (180, 180))
        await expect(canvas).to_have_attribute("aria-label", "Whiteboard with 2 shapes")

        async def red() -> bool:
            return await _ink(ann, 0xD6, 0x2C, 0x2C) > 2000

        await eventually(red, "the rectangle is seen")
        # Ann leaves, so that what Bob gets comes from the bot; it had everything before it let her go.
        await ann.wait_for_function("window.bridgecall.queued('board') === 0")
        await ann.click("#leave")
        await bot.wait_for_event("participant", state="left")
        await bob.goto(f"http://localhost:{server.port}/r/R?name=Bob&join=1")
        await wait_connected(bob, "bot")
        await expect(bob.locator("#board-news")).to_be_visible(timeout=WAIT_MS)
        await bob.click("#board-toggle")
        await expect(bob.locator("#board-canvas")).to_have_attribute("aria-label", "Whiteboard with 2 shapes")

        async def red_there() -> bool:
            return await _ink(bob, 0xD6, 0x2C, 0x2C) > 500

        await eventually(red_there, "the rectangle is seen by Bob")
        await bob.click("#board-clear")
        await expect(bob.locator("#board-clear")).to_have_text("Clear for everybody?")
        await bob.click("#board-clear")
        await expect(bob.locator("#board-canvas")).to_have_attribute("aria-label", "Whiteboard with 0 shapes")
        await bob.click("#board-undo")
        await expect(bob.locator("#board-canvas")).to_have_attribute("aria-label", "Whiteboard with 2 shapes")
        assert complaints == [[], []]
