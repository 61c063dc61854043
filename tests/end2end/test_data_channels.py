"""Our data channels and Chromium's, in both directions, and whoever offers."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from aiortc.rtcsessiondescription import RTCSessionDescription

from tests.integration.data_tools import DataEnd
from tests.waiting import until

from .chromium import chromium_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiortc.rtcdatachannel import RTCDataChannel
    from playwright.async_api import Page

pytestmark = pytest.mark.needs_program("chromium")

SIZES = (0, 1, 16 * 1024, 256 * 1024)
LIMIT_S = 30.0

# A text of n letters, or n bytes, that both ends can make; what came is told by length and digest.
PAGE = """
(() => {
  const pc = new RTCPeerConnection();
  const digest = async (bytes) =>
    [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const got = { 101: [], 102: [] };
  const channels = {};
  // Far from the numbers that are given out for channels that are opened in band.
  for (const [id, ordered] of [[101, true], [102, false]]) {
    const channel = pc.createDataChannel("x", { negotiated: true, id, ordered });
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }) =>
      got[id].push(typeof data === "string" ? ["text", data.length, data] : ["binary", data.byteLength, data]);
    channels[id] = channel;
  }
  const announced = [];
  pc.ondatachannel = ({ channel }) => {
    announced.push(channel);
    channel.onmessage = ({ data }) => channel.send("echo " + data);
  };
  const describe = async (description) => {
    const gathered = new Promise((resolve) => {
      pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && resolve();
    });
    await pc.setLocalDescription(description);
    await gathered;
    return pc.localDescription.sdp;
  };
  window.end = {
    offer: async () => describe(await pc.createOffer()),
    answer: async (sdp) => {
      await pc.setRemoteDescription({ type: "offer", sdp });
      return describe(await pc.createAnswer());
    },
    accept: (sdp) => pc.setRemoteDescription({ type: "answer", sdp }),
    count: () => Object.values(got).map((messages) => messages.length),
    send: (sizes) => {
      for (const channel of Object.values(channels)) {
        for (const size of sizes) {
          channel.send("t".repeat(size));
          channel.send(new Uint8Array(size).map((_, index) => index % 251));
        }
      }
    },
    received: async () => {
      const told = {};
      for (const [id, messages] of Object.entries(got)) {
        told[id] = [];
        for (const [kind, length, data] of messages) {
          const bytes = kind === "text" ? new TextEncoder().encode(data) : data;
          told[id].push([kind, length, await digest(bytes)]);
        }
      }
      return told;
    },
    announce: () => {
      const channel = pc.createDataChannel("from the page", { maxRetransmits: 5 });
      return new Promise((resolve) => {
        channel.onopen = () => channel.send("hello");
        channel.onmessage = ({ data }) => {
          channel.onclose = () => resolve([data, channel.readyState]);
          channel.close();
        };
      });
    },
  };
})()
"""


def described(message: bytes | str) -> list[Any]:
    """As the page describes what came."""
    data = message.encode() if isinstance(message, str) else message
    return ["text" if isinstance(message, str) else "binary", len(data), hashlib.sha256(data).hexdigest()]


def messages() -> list[bytes | str]:
    found: list[bytes | str] = []
    for size in SIZES:
        found += ["t" * size, bytes(index % 251 for index in range(size))]
    return found


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A blank page in a secure context (digests need one) with the other end in it."""
    async with chromium_page(None) as opened:
        await opened.route("https://example.test/", lambda route: route.fulfill(body="<!doctype html>"))
        await opened.goto("https://example.test/")
        await opened.evaluate(PAGE)
        yield opened


@pytest.fixture
async def end() -> AsyncIterator[DataEnd]:
    """Ours."""
    made = DataEnd()
    yield made
    await made.pc.close()


async def connect(end: DataEnd, page: Page, *, we_offer: bool) -> None:
    if we_offer:
        await end.pc.setLocalDescription(await end.pc.createOffer())
        answer = await page.evaluate("(sdp) => window.end.answer(sdp)", end.pc.localDescription.sdp)
        await end.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    else:
        offer = await page.evaluate("() => window.end.offer()")
        await end.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await end.pc.setLocalDescription(await end.pc.createAnswer())
        await page.evaluate("(sdp) => window.end.accept(sdp)", end.pc.localDescription.sdp)


@pytest.mark.parametrize("we_offer", [True, False], ids=["we offer", "chromium offers"])
async def test_text_and_binary_of_every_size_in_both_directions(
    end: DataEnd, page: Page, we_offer: bool
) -> None:
    channels = [end.open(101), end.open(102, ordered=False)]
    await connect(end, page, we_offer=we_offer)
    await until(lambda: all(channel.readyState == "open" for channel in channels))
    for channel in channels:
        for message in messages():
            channel.send(message)
    await page.evaluate("(sizes) => window.end.send(sizes)", list(SIZES))
    expected = [described(message) for message in messages()]
    await until(lambda: all(len(got) == len(expected) for got in end.received.values()))
    assert [described(message) for message in end.received[101]] == expected
    assert sorted(described(message) for message in end.received[102]) == sorted(expected)

    async with asyncio.timeout(LIMIT_S):
        wanted = [len(expected)] * 2
        while await page.evaluate("() => window.end.count()") != wanted:  # noqa: ASYNC110 - the page tells nobody
            await asyncio.sleep(0.05)
    told = await page.evaluate("() => window.end.received()")
    assert told["101"] == expected
    assert sorted(told["102"]) == sorted(expected)
    counters = end.pc.data_counters()
    assert counters is not None
    assert counters.refused == 0
    # The last acknowledgements may still be on their way.
    await until(
        lambda: (now := end.pc.data_counters()) is not None and not now.queued_bytes + now.in_flight_bytes
    )


async def test_channels_that_either_end_opens_in_band(end: DataEnd, page: Page) -> None:
    opened: list[RTCDataChannel] = []

    @end.pc.on("datachannel")
    def took(channel: RTCDataChannel) -> None:
        opened.append(channel)
        channel.on("message", lambda text: channel.send(f"echo {text}"))

    ours = end.pc.createDataChannel("ours")
    heard: list[str] = []
    ours.on("message", heard.append)
    await connect(end, page, we_offer=True)
    await until(lambda: ours.readyState == "open")
    ours.send("hello")
    await until(lambda: heard == ["echo hello"])
    assert await page.evaluate("() => window.end.announce()") == ["echo hello", "closed"]
    assert (opened[0].label, opened[0].maxRetransmits, opened[0].ordered) == ("from the page", 5, True)
    await until(lambda: opened[0].readyState == "closed")
    ours.close()
    await until(lambda: ours.readyState == "closed")
