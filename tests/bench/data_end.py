"""One end of a raw data transfer, as a process: told what to do by lines of JSON on stdin, it answers on stdout.

{"do": "offer"}                      -> {"sdp": "..."}
{"do": "answer", "sdp": "..."}       -> {"sdp": "..."}
{"do": "accept", "sdp": "..."}       -> {}
{"do": "opened"}                     -> {} as soon as the channels are open
{"do": "send", "seconds": 10}        -> {} when it is over
{"do": "figures"}                    -> what came, and the counters
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import asdict
from typing import Any, NoReturn

from aiortc.rtcsessiondescription import RTCSessionDescription

from desktop_app.rtc.aiortc_internals import PeerConnection
from desktop_app.rtc.ice import IceConfiguration, to_rtc_configuration

MESSAGE_BYTES = 16 * 1024
QUEUED_BYTES = 128 * 1024
CHAT_EVERY_S = 0.2


def _no_media(kind: str, transport: object) -> NoReturn:
    raise AssertionError("there is no media here")


class End:
    """A peer connection with a channel for bulk data and one for chat."""

    def __init__(self) -> None:
        self.pc = PeerConnection(
            to_rtc_configuration(IceConfiguration()),
            make_sender=_no_media,
            make_receiver=_no_media,
            on_transport_feedback=lambda message: None,
        )
        self.bulk = self.pc.createDataChannel("bulk", negotiated=True, id=1)
        self.chat = self.pc.createDataChannel("chat", negotiated=True, id=2)
        self.pc.set_channel_priority(self.chat, "high")
        self._open = [asyncio.Event(), asyncio.Event()]
        self._low = asyncio.Event()
        self.received: list[tuple[float, int]] = []
        """When, and how many bytes by then; seconds of the system's clock, which both ends share."""
        self.chat_ms: list[float] = []
        self._bytes = 0
        self.bulk.on("open", self._open[0].set)
        self.chat.on("open", self._open[1].set)
        self.bulk.bufferedAmountLowThreshold = QUEUED_BYTES // 2
        self.bulk.on("bufferedamountlow", self._low.set)
        self.bulk.on("message", self._take_bulk)
        self.chat.on("message", lambda text: self.chat_ms.append((time.time() - float(text)) * 1000))

    def _take_bulk(self, data: bytes) -> None:
        self._bytes += len(data)
        self.received.append((time.time(), self._bytes))

    async def do(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order."""
        match order["do"]:
            case "offer":
                await self.pc.setLocalDescription(await self.pc.createOffer())
                return {"sdp": self.pc.localDescription.sdp}
            case "answer":
                await self.pc.setRemoteDescription(RTCSessionDescription(order["sdp"], "offer"))
                await self.pc.setLocalDescription(await self.pc.createAnswer())
                return {"sdp": self.pc.localDescription.sdp}
            case "accept":
                await self.pc.setRemoteDescription(RTCSessionDescription(order["sdp"], "answer"))
            case "opened":
                await asyncio.gather(*(event.wait() for event in self._open))
            case "send":
                await self.send(order["seconds"])
            case "sent":
                await self._everything_arrived()
            case "figures":
                counters = self.pc.data_counters()
                return {
                    "received": self.received,
                    "chat_ms": self.chat_ms,
                    "counters": None if counters is None else asdict(counters),
                }
        return {}

    async def _everything_arrived(self) -> None:
        while (counters := self.pc.data_counters()) is not None:
            if not counters.queued_bytes and not counters.in_flight_bytes:
                return
            await asyncio.sleep(0.02)

    async def send(self, seconds: float) -> None:
        """Keep the bulk channel's queue filled for so long, and say something in the chat now and then."""
        chat = asyncio.create_task(self._talk())
        payload = bytes(MESSAGE_BYTES)
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            while self.bulk.bufferedAmount < QUEUED_BYTES:
                self.bulk.send(payload)
            self._low.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._low.wait(), left_s)
        chat.cancel()

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(CHAT_EVERY_S)
            self.chat.send(str(time.time()))


async def main() -> None:
    """Until stdin ends."""
    end = End()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = await end.do(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    await end.pc.close()


if __name__ == "__main__":
    asyncio.run(main())
