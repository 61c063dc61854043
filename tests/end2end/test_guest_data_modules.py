"""What the guest page's modules make of values: messages of strangers, names, addresses, pictures, digests."""

from __future__ import annotations

from .guest_scripts import UNTIL, run_scripts

_SETUP = (
    UNTIL
    + """
    const { decode, encode } = await import("/web/data/messages.js");
    const id = "0123456789abcdef".repeat(2);
    const sha = id + id;
    const line = { id, author: "u", authorName: "N", text: "hi", sentMs: 1, to: null };
    const offer = { type: "file-offer", transferId: id, number: 7, name: "a.txt", sizeBytes: 5 };
    const read = (label, message) => decode(label, JSON.stringify(message));
    /** Which of the messages are taken; they should not be. */
    const taken = (label, good, changes) => {
        if (read(label, { v: 1, t: 1, ...good }) === null) return ["the good one is refused"];
        return changes.filter((change) => read(label, { v: 1, t: 1, ...good, ...change }) !== null)
            .map((change) => JSON.stringify(change).slice(0, 80));
    };
    const wrongValues = [undefined, null, 1, -1, 0.5, "", "x", [], [1], {}, true, "\\ud800", 1e300];
    const spoil = (field, allowed = []) =>
        wrongValues.filter((value) => !allowed.includes(value)).map((value) => ({ [field]: value }));
"""
)

CASES = {
    "digests": """
        const { Sha256, sha256Hex } = await import("/web/data/sha256.js");
        const utf8 = new TextEncoder();
        const million = new Sha256();
        for (let i = 0; i < 1000; i += 1) million.update(utf8.encode("a".repeat(1000)));
        const alike = [];
        for (let count = 0; count < 200; count += 1) {
            const bytes = crypto.getRandomValues(new Uint8Array(count));
            const pieces = new Sha256();
            for (let at = 0; at < count; at += 1 + (at % 71)) pieces.update(bytes.subarray(at, at + 1 + (at % 71)));
            const subtle = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
            const wanted = Array.from(subtle, (byte) => byte.toString(16).padStart(2, "0")).join("");
            alike.push(pieces.hex() === wanted && pieces.hex() === wanted && sha256Hex(bytes) === wanted);
        }
        return {
            // FIPS 180-4's examples
            empty: sha256Hex(utf8.encode("")) === "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            abc: sha256Hex(utf8.encode("abc")) === "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            million: million.hex() === "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            alike: alike.every(Boolean),
        };
    """,
    "digests in the worker": """
        const { Hasher } = await import("/web/data/hashing.js");
        const { sha256Hex } = await import("/web/data/sha256.js");
        const [one, other] = [new Hasher(), new Hasher()];
        const bytes = crypto.getRandomValues(new Uint8Array(50_000));
        one.update(bytes.slice(0, 20_000).buffer);
        await other.update(bytes.slice(0, 7).buffer);
        const half = one.hex();
        await one.update(bytes.slice(20_000).buffer);
        const results = { half: (await half) === sha256Hex(bytes.subarray(0, 20_000)),
            whole: (await one.hex()) === sha256Hex(bytes),
            other: (await other.hex()) === sha256Hex(bytes.subarray(0, 7)) };
        one.close();
        results.closed = await one.hex().then(() => false, () => true);
        other.close();
        return results;
    """,
    "names": """
        const { cleanName } = await import("/web/data/names.js");
        const wanted = {
            "report.pdf": "report.pdf", "../../etc/passwd": "passwd", "C:\\\\Windows\\\\cmd.exe": "cmd.exe",
            "..": "file", ".": "file", "": "file", "/": "file", "a/": "file", ".bashrc": "bashrc", "a.txt. . ": "a.txt",
            "con": "_con", "NUL.txt": "_NUL.txt", "com1.tar.gz": "_com1.tar.gz", "console.log": "console.log",
            "a<b>c:d|e?f*g\\"h.txt": "a_b_c_d_e_f_g_h.txt", "x\\u0000y\\nz.txt": "xyz.txt",
            "gpj.\\u202Eexe.txt": "gpj.exe.txt", "a\\u200bb": "ab", "e\\u0301.txt": "\\u00e9.txt",
        };
        const wrong = Object.entries(wanted).filter(([name, clean]) => cleanName(name) !== clean);
        const long = cleanName("\\u{1F600}".repeat(60) + ".jpeg");
        const endless = cleanName("a." + "b".repeat(250));
        return { right: wrong.length === 0 || wrong.map(([name]) => name + " is " + cleanName(name)).join(),
            long: new TextEncoder().encode(long).length <= 180 && long.endsWith(".jpeg"),
            whole: !/\\p{Surrogate}/u.test(long), endless: endless.length <= 180 };
    """,
    "addresses": """
        const { linkify } = await import("/web/data/linkify.js");
        const links = (words) => linkify(words).filter(({ href }) => href).map(({ text }) => text).join(" ");
        const wanted = {
            "see https://a.example/b?c=d#e.": "https://a.example/b?c=d#e",
            "(http://a.example/x_(y))": "http://a.example/x_(y)", "[https://a.example/]": "https://a.example/",
            "mailto:a@b.example, or HTTPS://A.example": "mailto:a@b.example HTTPS://A.example",
            "javascript:alert(1)": "", "data:text/html,x": "", "file:///etc/passwd": "", "https://": "",
            "https://javascript:alert(1)": "", "blob:https://a.example/x": "https://a.example/x",
            '<a href="https://a.example/">': "https://a.example/", "https://a.example/\\u202Efdp": "https://a.example/",
        };
        const wrong = Object.entries(wanted).filter(([words, found]) => links(words) !== found);
        const all = Object.keys(wanted);
        return { right: wrong.length === 0 || wrong.map(([words]) => words + " has " + links(words)).join(" | "),
            nothing_lost: all.every((words) => linkify(words).map(({ text }) => text).join("") === words),
            schemes: all.every((words) => linkify(words).every(
                ({ href }) => href === undefined || /^(https?|mailto):/.test(href))) };
    """,
    "texts and emoji": """
        const { cleanText, cleanLine, isEmoji } = await import("/web/data/texts.js");
        const good = ["\\u{1F44D}", "\\u2764\\ufe0f", "\\u{1F44D}\\u{1F3FD}", "\\u{1F1EB}\\u{1F1EE}",
            "\\u{1F468}\\u200d\\u{1F469}\\u200d\\u{1F467}", "1\\ufe0f\\u20e3", "\\u{1F389}\\u{1F389}"];
        const bad = ["a", "1", "#", "", " ", "\\u{1F44D}a", "\\u200d", "\\ufe0f", "<b>", "\\u202e\\u{1F44D}", "\\n",
            "\\u24bb\\u24ca", "\\u24c2\\ufe0f", "\\u{1F170}\\ufe0f", "\\u{1F44D}\\u0301"];
        return { clean: cleanText("  a\\r\\nb\\u2028c\\u0000\\u202e ") === "a\\nb\\nc",
            unseen: cleanText("\\u200b\\u3164\\n\\u0301") === "" && cleanText("e\\u0301\\u200b") !== "",
            line: cleanLine(" a\\n\\n b ") === "a b",
            good: good.every(isEmoji) || good.map(isEmoji).join(), bad: !bad.some(isEmoji) || bad.map(isEmoji).join() };
    """,
    "what is no message at all": """
        const texts = ["", "null", "1", "[]", "{}", "{", '"hello"', '{"type":"hello"', '{"v":1}', '{"v":1,"type":7}',
            '{"v":2,"type":"hello"}', '{"v":"1","type":"hello"}', '{"v":1,"type":"constructor"}',
            '{"v":1,"type":"__proto__"}', '{"v":1,"type":"hello","t":"x"}', '{"v":1,"type":"hello","t":-1}',
            "[".repeat(60000), '{"a":'.repeat(10000), "\\u0000",
            '{"v":1,"type":"hello","x":"' + "y".repeat(65536) + '"}',
            '{"v":1,"type":"hello","x":"' + "\\u20ac".repeat(30000) + '"}'];
        const others = [null, undefined, 7, {}, new ArrayBuffer(4), new Blob(["x"])];
        const labels = ["control", "chat", "files", "board", "pointer", "bulk", "nonsense"];
        const found = labels.flatMap((label) => [...texts, ...others].filter((one) => decode(label, one) !== null));
        const other = read("chat", { v: 1, type: "hello" });
        const hello = decode("control", '{"v":1,"type":"hello","__proto__":{"a":1},"more":[1]}');
        return { none: found.length === 0 || JSON.stringify(found), of_its_channel: other === null,
            bare: JSON.stringify(hello) === JSON.stringify(
                { type: "hello", t: 0, capabilities: [], chunkBytes: 16384, handRaised: false }),
            version_may_be_missing: read("control", { type: "hand", raised: true })?.raised === true };
    """,
    "control messages": """
        const wrong = [
            ...taken("control", { type: "hello", capabilities: ["chat"], chunkBytes: 1024, handRaised: true }, [
                ...spoil("capabilities", [undefined, null, wrongValues[7]]), ...spoil("chunkBytes", [undefined, null]),
                ...spoil("handRaised", [undefined, null, true]), { chunkBytes: 1023 }, { chunkBytes: 262145 },
                { capabilities: Array(33).fill("x") }, { capabilities: ["x".repeat(33)] }, { capabilities: [null] }]),
            ...taken("control", { type: "reaction", emoji: "x" },
                [...spoil("emoji", ["x"]), { emoji: "x".repeat(17) }]),
            ...taken("control", { type: "hand", raised: true }, spoil("raised", [true])),
        ];
        const longest = read("control", { v: 1, type: "reaction", emoji: "\\u{1F44D}".repeat(16) });
        return { none: wrong.length === 0 || wrong.join(), code_points_count: longest !== null };
    """,
    "chat messages": """
        const inLine = (field, allowed) => spoil(field, allowed).map((change) => ({ line: { ...line, ...change } }));
        const wrong = [
            ...taken("chat", { type: "chat-line", line }, [
                ...spoil("line"), ...inLine("id"), ...inLine("author", ["x"]), ...inLine("text", ["x"]),
                ...inLine("authorName", [undefined, null, "", "x"]), ...inLine("to", [undefined, null, "x"]),
                ...inLine("sentMs", [1, 0.5]), { line: { ...line, text: "x".repeat(4001) } },
                { line: { ...line, id: id.toUpperCase() } }, { line: { ...line, id: id + "\\n" } },
                { line: { ...line, author: "x".repeat(129) } }, { line: { ...line, authorName: "x".repeat(81) } },
                { line: { ...line, sentMs: 1e15 } }]),
            ...taken("chat", { type: "chat-received", ids: [id] },
                [...spoil("ids", [wrongValues[7]]), { ids: [id, 7] }, { ids: Array(2001).fill("a") }]),
            ...taken("chat", { type: "chat-known", tags: [] }, [...spoil("tags", [wrongValues[7]]), { tags: [[id]] },
                 { tags: Array(1501).fill(id) }]),
            ...taken("chat", { type: "chat-history", lines: [line], late: true },
                [...spoil("lines", [wrongValues[7]]), { lines: [line, null] }, { lines: Array(101).fill(line) },
                 { lines: [{ ...line, text: 7 }] }, ...spoil("late", [undefined, null, true])]),
        ];
        const faces = "\\u{1F600}".repeat(4000);
        const long = read("chat", { v: 1, type: "chat-line", line: { ...line, text: faces, more: 1 } });
        const much = Array(20).fill({ ...line, text: "x".repeat(4000) });
        return { none: wrong.length === 0 || wrong.join(), long: Array.from(long.line.text).length === 4000,
            bare: !("more" in long.line), round: decode("chat", encode({ type: "chat-line", line })).line.text === "hi",
            too_long: encode({ type: "chat-history", lines: much }) === null };
    """,
    "file messages": """
        const wrong = [
            ...taken("files", offer, [
                ...spoil("transferId"), ...spoil("number", [1]), ...spoil("name", ["x"]), ...spoil("sizeBytes", [1]),
                ...spoil("preview", [undefined, null, "", "x"]), { number: 2 ** 32 }, { name: "x".repeat(256) },
                { sizeBytes: 2 ** 53 + 2 }, { preview: "x".repeat(32769) }]),
            ...taken("files", { type: "file-accept", transferId: id, offset: 5, prefixSha256: sha },
                [...spoil("transferId"), ...spoil("offset", [undefined, null, 1]),
                 ...spoil("prefixSha256", [undefined, null]), { prefixSha256: id }]),
            ...taken("files", { type: "file-decline", transferId: id }, spoil("transferId")),
            ...taken("files", { type: "file-cancel", transferId: id, code: "disk-full" },
                [...spoil("transferId"), ...spoil("code", [undefined, null, "", "x"]), { code: "x".repeat(33) }]),
            ...taken("files", { type: "file-progress", transferId: id, receivedBytes: 5 },
                [...spoil("transferId"), ...spoil("receivedBytes", [1])]),
            ...taken("files", { type: "file-done", transferId: id }, spoil("transferId")),
            ...taken("files", { type: "file-unfinished", tags: [sha] },
                [...spoil("tags", [wrongValues[7]]), { tags: [id] }, { tags: Array(201).fill(sha) }]),
        ];
        return { none: wrong.length === 0 || wrong.join() };
    """,
    "frames of the bulk channel": """
        const { BEGIN, DATA, END, frame, readFrame } = await import("/web/data/bulk.js");
        const bytes = (...values) => new Uint8Array(values).buffer;
        const cut = (kind, payload) => readFrame(frame(kind, 1, 2, new Uint8Array(payload)).buffer, 1024);
        const one = readFrame(frame(DATA, 0xfffffffe, 2 ** 52 + 1, new Uint8Array([5, 6])).buffer, 1024);
        const far = frame(BEGIN, 1, 0);
        far.fill(0xff, 5);
        return {
            round: one.number === 0xfffffffe && one.offset === 2 ** 52 + 1 && one.payload.join() === "5,6",
            // the contract's layout: kind, number, offset, in network byte order
            layout: frame(BEGIN, 0x01020304, 0x0506).join() === "1,1,2,3,4,0,0,0,0,0,0,5,6",
            none: ["x", null, bytes(), bytes(1, 2, 3), far.buffer].every((data) => readFrame(data, 1024) === null),
            kinds: cut(0, 0) === null && cut(4, 5) === null && cut(BEGIN, 1) === null && cut(DATA, 0) === null,
            lengths: cut(DATA, 1025) === null && cut(DATA, 1024) !== null
                && cut(END, 31) === null && cut(END, 32) !== null,
        };
    """,
    "previews": """
        const { makePreview, previewUrl } = await import("/web/data/preview.js");
        const canvas = new OffscreenCanvas(900, 600);
        const context = canvas.getContext("2d");
        for (let i = 0; i < 4000; i += 1) {
            context.fillStyle = `rgb(${(i * 37) % 256} ${(i * 91) % 256} ${(i * 53) % 256})`;
            context.fillRect((i * 13) % 900, (i * 29) % 600, 9, 9);
        }
        const file = async (type) => new File([await canvas.convertToBlob({ type })], "p", { type });
        const made = await makePreview(await file("image/png"));
        const picture = new Image();
        picture.src = previewUrl(made);
        await picture.decode();
        const small = new OffscreenCanvas(20, 10);
        small.getContext("2d");
        const png = new Uint8Array(await (await small.convertToBlob({ type: "image/png" })).arrayBuffer());
        const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
        const enormous = png.slice();
        new DataView(enormous.buffer).setUint32(16, 50_000);
        const jpeg = Uint8Array.from(atob(made), (char) => char.charCodeAt(0));
        const at = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
        new DataView(jpeg.buffer).setUint16(at + 7, 60_000);
        const hostile = ["", "x", "!!!", btoa("<svg onload=alert(1)>"), btoa("GIF89a"), base64(enormous), base64(jpeg),
            base64(png.slice(0, 20)), btoa("\\xff\\xd8\\xff"), btoa("\\xff\\xd8" + "\\xff\\xe0\\x00\\x00".repeat(100)),
            "A".repeat(32768) + "=", made + '"><b>'];
        return { small: made.length <= 32768, size: picture.naturalWidth === 240 && picture.naturalHeight === 160,
            png: previewUrl(base64(png))?.startsWith("data:image/png;base64,") === true,
            none: hostile.every((one) => previewUrl(one) === null),
            text: (await makePreview(new File(["hello"], "a.txt", { type: "text/plain" }))) === null,
            broken: (await makePreview(new File(["hello"], "a.png", { type: "image/png" }))) === null };
    """,
    "where files go": """
        const { openSink } = await import("/web/data/sinks.js");
        const big = 200 * 1024 * 1024;
        const root = await navigator.storage.getDirectory();
        const bytes = (text) => new TextEncoder().encode(text);
        const content = async (handle) => (await handle.getFile()).text();
        const refused = (name, size) => openSink(name, size).then(() => null, (error) => error);
        // a place that the person chooses: nothing is there before it is complete
        const chosen = await root.getFileHandle("chosen.bin", { create: true });
        let suggested;
        window.showSaveFilePicker = async ({ suggestedName }) => { suggested = suggestedName; return chosen; };
        const sink = await openSink("a.bin", big);
        await sink.write(bytes("one "));
        await sink.write(bytes("two"));
        const before = await content(chosen);
        await sink.finish();
        const after = await content(chosen);
        const again = await openSink("a.bin", big);
        await again.write(bytes("rubbish"));
        await again.discard();
        const kept = await content(chosen);
        window.showSaveFilePicker = async () => { throw new DOMException("closed", "AbortError"); };
        const aborted = await refused("a.bin", big);
        // the page's own folder
        delete window.showSaveFilePicker;
        window.showSaveFilePicker = undefined;
        const own = await openSink("b.bin", big);
        await own.write(bytes("private"));
        const folder = await root.getDirectoryHandle("bridgecall-incoming");
        const count = async () => {
            let found = 0;
            for await (const [, one] of folder) for await (const _ of one) found += 1;
            return found;
        };
        const held = await count();
        await own.discard();
        const left = await count();
        // nothing but memory
        Object.defineProperty(navigator.storage, "estimate",
            { value: async () => ({ quota: 0, usage: 0 }), configurable: true });
        const enough = await openSink("c.bin", big);
        enough.discard();
        const tooBig = await refused("d.bin", 600 * 1024 * 1024);
        const half = await openSink("e.bin", 300 * 1024 * 1024);
        const second = await refused("f.bin", 300 * 1024 * 1024);
        half.discard();
        const free = await openSink("f.bin", 300 * 1024 * 1024);
        free.discard();
        return { suggested: suggested === "a.bin", before: before === "", after: after === "one two",
            kept: kept === "one two", aborted: aborted.name === "AbortError", held: held >= 1, left: left === 0,
            tooBig: tooBig.code === "disk-full" && tooBig.message.includes("500 MB"),
            second: second.code === "disk-full" };
    """,
    "words for sizes and times": """
        const { sizeWords, leftWords } = await import("/web/data/datawords.js");
        const sizes = [0, 999, 1000, 1234567, 9960000, 999_600_000, 10e9].map(sizeWords).join();
        const times = [0.2, 59.4, 75, 3700].map(leftWords).join();
        return { sizes: sizes === "0 bytes,999 bytes,1.0 kB,1.2 MB,10 MB,1.0 GB,10 GB" || sizes,
            times: times === "1 s left,59 s left,1 min 15 s left,1 h 1 min left" || times };
    """,
}


async def test_values_of_every_kind() -> None:
    await run_scripts(_SETUP, CASES)
