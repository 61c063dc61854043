"""Two bots in a room of the real server, each in a process of its own."""

from __future__ import annotations

import json
import math
import wave
from functools import partial
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from .processes import Event

STATS_KEYS = {"t", "event", "users", "send", "cpu_pct", "rss_mb"}
USER_KEYS = {"rtt_ms", "av_offset_ms", "loss_pct", "candidate_type", "video", "audio", "data"}
VIDEO_KEYS = {"fps", "width", "height", "kbps", "freeze_count", "freeze_s", "nack", "pli", "delay_ms"}
AUDIO_KEYS = {"kbps", "concealed_pct", "delay_ms", "level"}


def in_full_swing(user: str, entry: Event) -> bool:
    """Stats in which `user` is seen and heard and the round trip is known."""
    report = entry["users"].get(user)
    return bool(
        report
        and report["audio"]["level"] > 0.01
        and report["video"]["fps"] > 5
        and report["rtt_ms"] is not None
    )


async def test_two_bots_see_and_hear_each_other(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, BotProcess(tmp_path, "alice", server.url, "room") as alice:
        joined = await alice.wait_for_event("joined")
        assert joined["participants"] == []
        async with BotProcess(tmp_path, "bob", server.url, "room") as bob:
            assert (await bob.wait_for_event("joined"))["participants"] == ["alice"]
            for bot, other in ((alice, "bob"), (bob, "alice")):
                await bot.wait_for_event("peer", user=other, state="connected")
                for kind in ("video", "audio"):
                    first = await bot.wait_for_event("first-frame", user=other, kind=kind)
                    assert first["ms"] > 0
                stats = await bot.wait_for_event("stats", where=partial(in_full_swing, other))
                self_consistent(stats, other)
            states = [entry["state"] for entry in bob.events("peer", user="alice")]
            assert states == ["connecting", "connected"]
            assert await bob.leave() == 0
            assert bob.events()[-1]["event"] == "left"
        await alice.wait_for_event("peer", user="bob", state="closed")


def self_consistent(stats: Event, other: str) -> None:
    """The fields that the bot promises, with values that fit a call on this machine."""
    assert set(stats) == STATS_KEYS
    user = stats["users"][other]
    assert set(user) == USER_KEYS
    assert set(user["video"]) == VIDEO_KEYS
    assert set(user["audio"]) == AUDIO_KEYS
    assert set(user["data"]) == {"control", "chat", "files", "bulk", "board", "pointer"}
    assert user["data"]["control"]["messages_received"] >= 1
    assert not any(channel["dropped"] for channel in user["data"].values())
    assert (user["video"]["width"], user["video"]["height"]) == (640, 480)
    assert user["candidate_type"] == "host"
    assert 0 <= user["rtt_ms"] < 1000
    assert user["loss_pct"] == 0
    assert user["video"]["kbps"] > 10
    assert 0 < user["audio"]["delay_ms"] < 1000
    assert stats["send"]["video"]["width"] == 640
    assert stats["send"]["audio"]["kbps"] > 5
    assert stats["rss_mb"] > 10


async def test_mute_is_silence_and_unmute_is_sound_again(tmp_path: Path) -> None:
    async with (
        ServerProcess(tmp_path) as server,
        BotProcess(tmp_path, "alice", server.url, "room") as alice,
        BotProcess(tmp_path, "bob", server.url, "room") as bob,
    ):

        async def heard(low: float, high: float, after_t: float) -> float:
            """The time of the first second after `after_t` in which bob was this loud."""
            entry = await alice.wait_for_event(
                "stats",
                where=lambda entry: (
                    entry["t"] > after_t
                    and low <= entry["users"].get("bob", {}).get("audio", {}).get("level", -1) < high
                ),
            )
            return float(entry["t"])

        loud = await heard(0.01, 1, 0)
        await bob.mute("audio")
        silent = await heard(0, 0.001, loud)
        await bob.mute("audio", on=False)
        await heard(0.01, 1, silent)

        await bob.mute("video")
        still = await alice.wait_for_event(
            "stats",
            where=lambda entry: (
                entry["users"]["bob"]["video"]["fps"] == 0 and entry["users"]["bob"]["video"]["width"] == 640
            ),
        )
        await bob.mute("video", on=False)
        moving = await alice.wait_for_event(
            "stats", where=lambda entry: entry["t"] > still["t"] and entry["users"]["bob"]["video"]["fps"] > 5
        )
        # A camera that was switched off on purpose did not freeze: the second and more of it is not counted.
        frozen_s = [entry["users"]["bob"]["video"]["freeze_s"] for entry in (still, moving)]
        assert frozen_s[1] - frozen_s[0] < 1.0


async def test_files_are_camera_and_microphone_and_the_sound_is_recorded(tmp_path: Path) -> None:
    picture, sound, recording = tmp_path / "clip.mp4", tmp_path / "tone.wav", tmp_path / "heard.wav"
    make_clip(picture)
    make_tone(sound, 1000.0)
    async with (
        ServerProcess(tmp_path) as server,
        BotProcess(
            tmp_path,
            "alice",
            server.url,
            "room",
            "--record-audio",
            str(recording),
            "--size",
            "320x240",
            "--fps",
            "15",
            camera="none",
            microphone="none",
        ) as alice,
        BotProcess(
            tmp_path,
            "bob",
            server.url,
            "room",
            "--size",
            "320x240",
            camera=str(picture),
            microphone=str(sound),
        ) as bob,
    ):
        for _ in range(2):
            await alice.wait_for_event(
                "stats",
                where=lambda entry: (
                    entry["users"].get("bob", {}).get("audio", {}).get("level", 0) > 0.05
                    and entry["users"]["bob"]["video"]["width"] == 320
                    and entry["users"]["bob"]["video"]["fps"] > 2
                ),
                skip=3,
            )
        assert not bob.events("error")
        assert await alice.leave() == 0
    with wave.open(str(recording)) as heard:
        assert (heard.getnchannels(), heard.getframerate(), heard.getsampwidth()) == (1, 48000, 2)
        samples = np.frombuffer(heard.readframes(heard.getnframes()), dtype=np.int16)
    assert loudest_frequency_hz(samples) == pytest.approx(1000, abs=5)


async def test_a_second_bot_of_the_same_name_is_refused(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, BotProcess(tmp_path, "alice", server.url, "room") as alice:
        await alice.wait_for_event("joined")
        twin = BotProcess(tmp_path / "twin", "alice", server.url, "room")
        await twin.start()
        assert (await twin.wait_for_event("error"))["code"] == "user-id-taken"
        assert await twin.wait() == 2
        assert alice.exit_status is None


async def test_a_server_that_is_not_there_ends_with_2_and_a_reason(tmp_path: Path) -> None:
    bot = BotProcess(tmp_path, "alice", "ws://127.0.0.1:9/ws", "room")
    await bot.start()
    assert await bot.wait() == 2
    errors = bot.events("error")
    assert [error["code"] for error in errors] == ["server-unreachable"]
    assert errors[0]["message"].endswith(".")


async def test_malformed_commands_are_answered_and_harm_nothing(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, BotProcess(tmp_path, "alice", server.url, "room") as alice:
        await alice.wait_for_event("joined")
        for command in ({"cmd": "fly"}, {"cmd": "mute", "kind": "smell", "on": True}, {"no": 1}):
            await alice.send(command)
        await alice.wait_for_event("error", code="bad-command", skip=2)
        assert await alice.leave() == 0
        assert json.dumps(alice.events()[-1]["event"]) == '"left"'


async def test_the_bot_leaves_after_its_duration(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:
        bot = BotProcess(tmp_path, "alice", server.url, "room", "--duration", "1")
        await bot.start()
        assert await bot.wait() == 0
        assert bot.events()[-1]["event"] == "left"


async def test_a_bot_whose_output_is_closed_from_the_start_leaves_cleanly(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:
        closed = ("sh", "-c", 'exec "$@" >&-', "sh")
        bot = BotProcess(tmp_path, "alice", server.url, "room", "--duration", "1", prefix=closed)
        await bot.start()
        assert await bot.wait() == 0


def make_clip(path: Path) -> None:
    """Two seconds of a moving bar, 320x240 at 15 fps."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(30):
            image = np.full((240, 320, 3), 60, dtype=np.uint8)
            image[:, index * 10 : index * 10 + 20] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


def make_tone(path: Path, frequency_hz: float) -> None:
    """Two seconds of a sine at 44.1 kHz in stereo, so that it has to be converted."""
    times = np.arange(2 * 44100) / 44100
    samples = (12000 * np.sin(2 * math.pi * frequency_hz * times)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(np.column_stack((samples, samples)).tobytes())


def loudest_frequency_hz(samples: np.ndarray) -> float:
    """The strongest line in the spectrum of the last second and a half."""
    window = samples[-72000:] * np.hanning(len(samples[-72000:]))
    return float(np.argmax(np.abs(np.fft.rfft(window))) * 48000 / len(window))
