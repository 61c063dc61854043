"""A bot whose connections also carry bulk data, as a file transfer would: python -m tests.bench.data_bot BOT-ARGUMENTS

BRIDGECALL_BULK_AFTER_S and BRIDGECALL_BULK_S in the environment say when it sends, counted from when the channels are
open, and for how long. Once a second it prints an event "bulk" with what came, and its connection's counters.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from desktop_app.bot import __main__ as bot
from desktop_app.rtc import peer
from desktop_app.rtc.connection import LocalFeeds, MediaConnection, RemoteSinks

from .data_end import CHAT_EVERY_S, MESSAGE_BYTES, QUEUED_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.rtc.channel_spec import ChannelSpec
    from desktop_app.rtc.ice import IceConfiguration

AFTER_S = float(os.environ.get("BRIDGECALL_BULK_AFTER_S", "0"))
LENGTH_S = float(os.environ.get("BRIDGECALL_BULK_S", "0"))


class DataConnection(MediaConnection):
    """With a channel for bulk data and one for chat."""

    def __init__(
        self, ice: IceConfiguration, local: LocalFeeds, remote: RemoteSinks, channels: Sequence[ChannelSpec]
    ) -> None:
        super().__init__(ice, local, remote, channels)
        self.received_bytes = 0
        self.chat_ms: list[float] = []
        self.add_transceivers()  # first, so that the channels use their transport
        self.bulk = self.pc.createDataChannel("bulk", negotiated=True, id=1)
        self.chat = self.pc.createDataChannel("chat", negotiated=True, id=2)
        self.pc.set_channel_priority(self.chat, "high")
        self.bulk.on("message", self._take)
        self.chat.on("message", lambda text: self.chat_ms.append((time.time() - float(text)) * 1000))
        self.bulk.on("open", lambda: self._tasks.spawn(self._report(), name="report"))
        if LENGTH_S:
            self.bulk.on("open", lambda: self._tasks.spawn(self._send(), name="bulk"))
            self.chat.on("open", lambda: self._tasks.spawn(self._talk(), name="chat"))

    def _take(self, data: bytes) -> None:
        self.received_bytes += len(data)

    async def _send(self) -> None:
        await asyncio.sleep(AFTER_S)
        low = asyncio.Event()
        self.bulk.bufferedAmountLowThreshold = QUEUED_BYTES // 2
        self.bulk.on("bufferedamountlow", low.set)
        end_s = time.monotonic() + LENGTH_S
        while time.monotonic() < end_s:
            while self.bulk.bufferedAmount < QUEUED_BYTES:
                self.bulk.send(bytes(MESSAGE_BYTES))
            low.clear()
            await low.wait()

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(CHAT_EVERY_S)
            self.chat.send(str(time.time()))

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            counters = self.pc.data_counters()
            event = {
                "event": "bulk",
                "t": time.time(),
                "received_bytes": self.received_bytes,
                "chat_ms": self.chat_ms,
                "counters": None if counters is None else asdict(counters),
            }
            self.chat_ms = []
            sys.stdout.write(json.dumps(event) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    vars(peer)["MediaConnection"] = DataConnection
    code = bot.main()
    os._exit(code)
