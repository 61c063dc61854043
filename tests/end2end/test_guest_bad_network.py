"""Guest pages whose network goes away and comes back (docs/recovery.md)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.netlab import NetLab, why_unavailable

from .guest_tools import eventually, participants, wait_connected, wait_media_flows
from .netlab_pages import page_on
from .processes import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

pytestmark = pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))

_WATCH = """() => {
    window.seen = [];
    new MutationObserver(() => {
        const line = document.querySelector(".tile:not(.own) .tile-state");
        const words = line === null ? "gone" : line.hidden ? "" : line.textContent;
        if (window.seen.at(-1) !== words) window.seen.push(words);
    }).observe(document.querySelector("#tiles"), { subtree: true, childList: true, attributes: true });
}"""


async def test_a_path_that_is_blocked_for_a_while(tmp_path: Path) -> None:
    with NetLab(hosts=3, delay=10) as lab:
        async with AsyncExitStack() as stack:
            prefix = lab.command("c", [])
            server = await stack.enter_async_context(
                ServerProcess(tmp_path, host=lab.address("c"), prefix=prefix)
            )
            ann = await stack.enter_async_context(page_on(lab, "a", "Ann", server, tmp_path))
            bob = await stack.enter_async_context(page_on(lab, "b", "Bob", server, tmp_path))
            await wait_connected(ann, "Bob")
            await wait_connected(bob, "Ann")
            await wait_media_flows(ann, "Bob", audible=False)
            for page in (ann, bob):
                await page.evaluate(_WATCH)

            # The server is reached all the time; what the two have to each other is not.
            lab.set("a-b", block=1)
            for page, other in ((ann, "Bob"), (bob, "Ann")):
                await _state(page, other, "reconnecting")
            lab.set("a-b", block=0)
            for page, other in ((ann, "Bob"), (bob, "Ann")):
                await _state(page, other, "connected")
                seen = await page.evaluate("window.seen")
                # A page that the machine did not run for a moment goes over the first of the two.
                words = [each for each in seen if each]
                assert words[0] in ("Connection unstable…", "Reconnecting…")
                assert "Reconnecting…" in words
                assert "gone" not in seen
            await asyncio.gather(
                *(wait_media_flows(*each, audible=False) for each in ((ann, "Bob"), (bob, "Ann")))
            )

            # Everything is away, the server too.
            lab.set("a-b", block=1)
            lab.set("a-c", block=1)
            await _state(ann, "Bob", "reconnecting")
            lab.set("a-b", block=0)
            lab.set("a-c", block=0)
            for page, other in ((ann, "Bob"), (bob, "Ann")):
                await _state(page, other, "connected")
                await expect(page.locator(".tile:not(.own)")).to_have_count(1)
                await expect(page.locator("#call")).to_be_visible()


async def _state(page: Page, name: str, state: str) -> None:
    async def is_it() -> bool:
        return bool((await participants(page))[name]["state"] == state)

    await eventually(is_it, f"{name} is {state}")
