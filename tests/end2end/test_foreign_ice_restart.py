"""A browser of somebody else restarts ICE on its one peer connection: another one of ours answers."""

from __future__ import annotations

from typing import Any

import pytest

from desktop_app.rtc.state import PeerState
from tests.end2end.chromium import chromium_page
from tests.end2end.guest_tools import eventually, hosted
from tests.integration.peer_tools import Devices, Person, until

pytestmark = pytest.mark.needs_program("chromium")

BEGIN = """
async () => {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const pc = (window.pc = new RTCPeerConnection());
  for (const track of media.getTracks()) pc.addTrack(track, media);
  window.gathered = () =>
    new Promise((resolve) => {
      const look = () => pc.iceGatheringState === "complete" && resolve(pc.localDescription.sdp);
      pc.addEventListener("icegatheringstatechange", look);
      look();
    });
}
"""
OFFER = """
async (iceRestart) => {
  await pc.setLocalDescription(await pc.createOffer({ iceRestart }));
  return await gathered();
}
"""
ANSWER = "(sdp) => pc.setRemoteDescription({ type: 'answer', sdp })"
DECODED = """
async () => {
  for (const each of (await pc.getStats()).values()) {
    if (each.type === "inbound-rtp" && each.kind === "video") return each.framesDecoded;
  }
  return 0;
}
"""


async def test_an_ice_restart_of_a_foreign_browser_is_answered_by_another_connection() -> None:
    ann = Person(440.0)
    devices = Devices(ann)
    try:
        async with hosted() as server, chromium_page(f"http://127.0.0.1:{server.port}/r/x") as page:
            ann.connect("foreigner", lambda _data: None)
            await page.evaluate(BEGIN)

            async def negotiate(*, restart: bool) -> None:
                answers = len(answered(ann))
                ann.peer.handle_signal({"type": "offer", "sdp": await page.evaluate(OFFER, restart)})
                await until(lambda: len(answered(ann)) > answers)
                await page.evaluate(ANSWER, answered(ann)[-1]["sdp"])

            async def media_flows() -> None:
                here, there = ann.frames_decoded, await page.evaluate(DECODED)

                async def more() -> bool:
                    return ann.frames_decoded > here + 10 and await page.evaluate(DECODED) > there + 10

                await eventually(more, "media flows")

            await negotiate(restart=False)
            await media_flows()
            first = ann.counters.connection
            await negotiate(restart=True)
            await until(lambda: ann.peer.current is not None and ann.counters.connection > first)
            await media_flows()
            await until(lambda: len(ann.peer.sessions()) == 1)
            await media_flows()
            assert ann.peer.state is PeerState.CONNECTED
            assert PeerState.FAILED not in ann.states
            await page.evaluate("pc.close()")
    finally:
        await ann.close()
        await devices.close()


def answered(person: Person) -> list[dict[str, Any]]:
    return [signal for signal in person.sent if signal["type"] == "answer"]
