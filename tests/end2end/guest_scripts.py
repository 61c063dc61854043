"""Scripts that run in a real guest page with its modules, and return what is to be true."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from .chromium import chromium_page, collect_complaints
from .guest_tools import hosted, room_url

if TYPE_CHECKING:
    from collections.abc import Mapping

UNTIL = """
    const until = async (condition) => {
        for (let i = 0; i < 800; i += 1) {
            if (await condition()) return true;
            await new Promise((resolve) => setTimeout(resolve, 25));
        }
        return false;
    };
"""

SIDES = (
    UNTIL
    + """
    const { Peer } = await import("/web/peer.js");
    const { openChannels } = await import("/web/data/channels.js");
    const { DataHub } = await import("/web/data/hub.js");
    const { ChatService } = await import("/web/data/chat.js");
    const { FileService } = await import("/web/data/files.js");
    const { SignService } = await import("/web/data/signs.js");
    const { BoardService } = await import("/web/board/service.js");
    const { PointerService } = await import("/web/board/pointers.js");
    const { randomId } = await import("/web/ids.js");
    const peers = [];
    const newPeer = (send) => {
        const peer = new Peer({ iceServers: [], tracks: { audio: null, video: null }, send });
        peers.push(peer);
        return peer;
    };
    /** One participant with all services, in a call that knows nobody. */
    const side = (name) => {
        const hub = new DataHub();
        const chat = new ChatService(hub);
        const files = new FileService(hub);
        const signs = new SignService(hub);
        const board = new BoardService(hub, 200);
        const pointers = new PointerService(hub);
        for (const service of [chat, files, signs, board, pointers]) hub.addService(service);
        const call = Object.assign(new EventTarget(), { userId: randomId() });
        hub.enter(call, name);
        const transfers = [];
        files.addEventListener("transfer", ({ detail }) => transfers.push(detail));
        const texts = () => chat.lines.map(({ text }) => text);
        return { hub, chat, files, signs, board, pointers, call, name, transfers, texts };
    };
    const meet = (one, other, peer) =>
        one.call.dispatchEvent(
            new CustomEvent("joined", { detail: { userId: other.call.userId, name: other.name, peer } }));
    const leave = (one, other) =>
        one.call.dispatchEvent(new CustomEvent("left", { detail: other.call.userId }));
    const linkOf = (one, other) => one.hub.links.get(other.call.userId);
    const ready = (one, other) => linkOf(one, other)?.isReady && linkOf(other, one)?.isReady;
    /** Connect two participants; returns the peer that offers, whose offer() makes another connection. */
    const connect = async (one, other) => {
        let there;
        const here = newPeer((data) => there.receive(data));
        there = newPeer((data) => here.receive(data));
        meet(one, other, here);
        meet(other, one, there);
        here.offer();
        await until(() => ready(one, other));
        return here;
    };
    /** Connect `one` with somebody whose channels the script has in its own hands; all of them are open. */
    const connectRaw = async (one, raw) => {
        let there;
        const here = newPeer((data) => there.receive(data));
        there = newPeer((data) => here.receive(data));
        there.addEventListener("connection", () => {
            raw.channels = openChannels(there.connection);
            raw.heard = [];
            for (const [label, channel] of raw.channels) {
                channel.addEventListener("message", ({ data }) => raw.heard.push([label, data]));
            }
        });
        meet(one, raw, here);
        here.offer();
        await until(() => raw.channels && [...raw.channels.values()].every((one) => one.readyState === "open"));
        raw.say = (label, message) =>
            raw.channels.get(label).send(JSON.stringify({ v: 1, t: Date.now(), ...message }));
        raw.told = (type) => raw.heard.map(([, data]) => typeof data === "string" ? JSON.parse(data) : {})
            .filter((message) => message.type === type);
    };
    const raw = (name) => ({ call: { userId: randomId() }, name });
    const allHello = { type: "hello", capabilities: ["chat", "files", "reactions"], chunkBytes: 16384 };
    const hexDigest = async (bytes) => Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)),
        (byte) => byte.toString(16).padStart(2, "0")).join("");
    const noise = (count) => {
        const bytes = new Uint8Array(count);
        for (let at = 0; at < count; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
        return bytes;
    };
"""
)


async def run_scripts(
    setup: str, cases: Mapping[str, str], *, beside: Mapping[str, str] | None = None
) -> None:
    """Run the cases in one page; every value of the object that each returns has to be true.

    Args:
        setup: what stands before each case.
        cases: run one after the other.
        beside: cases that do little but wait, run at the same time.
    """
    async with hosted() as server, chromium_page(room_url(server, "R")) as page:
        complaints = collect_complaints(page)
        wrong = {}

        async def run(those: Mapping[str, str]) -> None:
            for name, script in those.items():
                try:
                    result = await page.evaluate("async () => {" + setup + script + "}")
                except PlaywrightError as error:  # with the name of the case
                    result = {"error": str(error)}
                if not all(value is True for value in result.values()):
                    wrong[name] = result

        await asyncio.gather(run(cases), *(run({name: script}) for name, script in (beside or {}).items()))
        assert not wrong, json.dumps(wrong, indent=1)
        assert complaints == []
