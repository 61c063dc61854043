"""Rooms of several bots: who sees whom, and how long a stream was missing.

Each bot plays a tone of its own and records what it hears, and prints when pictures are shown. What is missing is
counted from these two, whatever path the media took.
"""

from __future__ import annotations

import asyncio
import math
import time
import wave
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from .processes import BotProcess

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    import numpy.typing as npt

    from tests.janus import JanusProcess

    from .processes import Event

RATE_HZ, FRAME_SAMPLES = 48_000, 960
"""In frames of 20 ms tones of whole multiples of 50 Hz do not disturb each other."""
TONE_STEP_HZ, LOWEST_TONE_HZ = 150, 500
TONE_PEAK = 2500
PRESENT = 0.35
"""Of a tone's usual strength; less is a hole."""
MIN_FPS, MIN_LEVEL = 2.0, 0.003
SMALL_MEDIA = ("--size", "320x240", "--fps", "15")
SEES_LIMIT_S = 30.0


def tone_hz(number: int) -> int:
    """The tone of the bot that joined as number `number`."""
    return LOWEST_TONE_HZ + TONE_STEP_HZ * number


def write_tone(path: Path, frequency_hz: int) -> None:
    """A second that fits onto itself when it is repeated."""
    samples = TONE_PEAK * np.sin(2 * math.pi * frequency_hz * np.arange(RATE_HZ) / RATE_HZ)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())


def tone_strengths(samples: npt.NDArray[np.int16], frequency_hz: int) -> npt.NDArray[np.float64]:
    """How strong a tone is in each 20 ms."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    wave_ = np.exp(-2j * math.pi * frequency_hz * np.arange(FRAME_SAMPLES) / RATE_HZ)
    strengths: npt.NDArray[np.float64] = np.abs(frames.astype(np.float64) @ wave_) * 2 / FRAME_SAMPLES
    return strengths


def longest_hole_s(strengths: npt.NDArray[np.float64]) -> float:
    """The longest time without the tone, from its first appearance to its last."""
    there = strengths > PRESENT * TONE_PEAK
    if not there.any():
        return math.inf
    present = np.flatnonzero(there)
    longest = int(np.diff(present).max(initial=1)) - 1
    return longest * FRAME_SAMPLES / RATE_HZ


class Room:
    """The bots of one room; leaving its block makes them leave.

    Args:
        folder: for their files.
        url: of the signaling server.
        arguments: more for every bot.
    """

    def __init__(self, folder: Path, url: str, *arguments: str, room: str = "den") -> None:
        self.url = url
        self.bots: dict[str, BotProcess] = {}
        self.everybody: list[str] = []
        """Also those who have left, in the order of joining."""
        self._folder = folder
        self._arguments = arguments or SMALL_MEDIA
        self._room = room
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await asyncio.gather(*(self.leave(name) for name in list(self.bots)))
        await self._stack.__aexit__(kind, error, trace)

    async def enter(self, name: str) -> BotProcess:
        """One more; returns when it has joined."""
        tone, number = self._folder / f"{name}.tone.wav", len(self.everybody)
        self.everybody.append(name)
        await asyncio.to_thread(write_tone, tone, tone_hz(number))
        options = ["--media-times", "--record-audio", str(self._recording(name)), *self._arguments]
        bot = BotProcess(self._folder, name, self.url, self._room, *options, microphone=str(tone))
        await self._stack.enter_async_context(bot)
        await bot.wait_for_event("joined")
        self.bots[name] = bot
        return bot

    async def leave(self, name: str) -> None:
        """One less; returns when it is gone."""
        assert await self.bots.pop(name).leave() == 0

    async def see_each_other(self, names: Iterable[str] | None = None, limit_s: float = SEES_LIMIT_S) -> None:
        """Each of `names` (of all) sees and hears each other one of them, from now on."""
        since = time.time() + 1.0  # what is reported then was counted after now
        wanted = set(self.bots if names is None else names)

        async def sees_the_others(name: str) -> None:
            def all_are_there(entry: Event) -> bool:
                return entry["t"] > since and all(is_there(entry, other) for other in wanted - {name})

            await self.bots[name].wait_for_event("stats", timeout=limit_s, where=all_are_there)

        await asyncio.gather(*(sees_the_others(name) for name in wanted))

    async def topology(self, mode: str, reason: str = "", limit_s: float = SEES_LIMIT_S) -> None:
        """Everybody has heard, as the newest of it, that the room is a mesh or goes through the SFU (and why)."""

        async def heard(bot: BotProcess) -> None:
            def is_it(entry: Event) -> bool:
                is_newest: bool = entry == bot.events("topology")[-1]
                return is_newest and entry["mode"] == mode and reason in ("", entry["reason"])

            await bot.wait_for_event("topology", timeout=limit_s, where=is_it)

        await asyncio.gather(*(heard(bot) for bot in self.bots.values()))

    def story(self, name: str) -> list[tuple[str, str]]:
        """Mode and reason of each topology event."""
        return [(entry["mode"], entry["reason"]) for entry in self.bots[name].events("topology")]

    def picture_holes_s(self, name: str) -> dict[str, float]:
        """By participant: the longest time between two pictures that this bot was shown."""
        times: dict[str, list[float]] = {}
        for entry in self.bots[name].events("media-times"):
            for other, shown in entry["shown"].items():
                times.setdefault(other, []).extend(at_s for at_s, _ in shown)
        return {
            other: max(np.diff(at_s), default=math.inf) if len(at_s) > 1 else math.inf
            for other, at_s in times.items()
        }

    async def packets_lost(self, name: str) -> dict[str, int]:
        """By participant: how many packets of sound and pictures never came to this bot, by their numbers, so far."""
        bot = self.bots[name]
        report = await bot.wait_for_event("stats", skip=len(bot.events("stats")))
        return {
            other: sum(media[kind]["packets_lost"] for kind in ("audio", "video"))
            for other, media in report["users"].items()
        }

    def sound_holes_s(self, name: str) -> dict[str, float]:
        """By participant: the longest time without their tone. The bot has left."""
        with wave.open(str(self._recording(name))) as file:
            assert (file.getnchannels(), file.getframerate()) == (1, RATE_HZ)
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        return {
            other: longest_hole_s(tone_strengths(samples, tone_hz(number)))
            for number, other in enumerate(self.everybody)
            if other != name
        }

    def _recording(self, name: str) -> Path:
        return self._folder / f"{name}.heard.wav"


def is_there(entry: Event, other: str) -> bool:
    """Whether a bot's statistics say that it saw and heard `other` in the last second."""
    report = entry["users"].get(other)
    return bool(report and report["video"]["fps"] > MIN_FPS and report["audio"]["level"] > MIN_LEVEL)


@dataclass(frozen=True)
class Subscription:
    """What Janus says of one subscriber connection."""

    kinds: dict[str, int]
    """How many m-lines carry each kind of feed now."""
    sent_bytes: int


async def subscriptions(janus: JanusProcess) -> list[Subscription]:
    """Every subscriber connection with anything on it, by Janus's Admin API."""
    found = []
    for session_id, handle_id in await janus.handles():
        info = await janus.handle_info(session_id, handle_id)
        plugin = info.get("plugin_specific", {})
        if plugin.get("type") != "subscriber":
            continue
        active = [stream for stream in plugin["streams"] if stream.get("active") and "feed_id" in stream]
        media = (info.get("webrtc") or {}).get("media") or {}
        sent_bytes = sum(line["stats"]["out"]["bytes"] for line in media.values())
        kinds = Counter(str(stream.get("feed_description")) for stream in active)
        found.append(Subscription(dict(kinds), sent_bytes))
    return [each for each in found if each.kinds]


class Balancer:
    """One name for several servers: passes each connection on to the next server that takes it."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """The signaling address of all of them."""
        return f"ws://127.0.0.1:{self.port}/ws"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def cut(self) -> None:
        """End every connection as a network does: without a word of WebSocket."""
        for task in self._open:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            for _ in self._ports:
                port = self._ports[self._turn % len(self._ports)]
                self._turn += 1
                try:
                    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    continue
                await _copy_both(reader, writer, far_reader, far_writer)
                break
        except (OSError, asyncio.CancelledError):
            pass  # one of the two is gone, and so is the connection
        finally:
            writer.close()
            self._open.discard(task)


async def _copy_both(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    """Until either end closes or breaks."""

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()

    copies = [asyncio.create_task(copy(reader, far_writer)), asyncio.create_task(copy(far_reader, writer))]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in copies:
            each.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        far_writer.close()
        writer.close()
