"""Judge camera, microphone and speaker by what they do right now, in a call as in the lobby."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.call.events import DeviceState

if TYPE_CHECKING:
    from desktop_app.call.events import DeviceKind
    from desktop_app.call.local_media import LocalMedia
    from desktop_app.settings.schema import Settings

Verdict: TypeAlias = tuple[Literal["pass", "warn", "fail"], str]

POLL_S = 0.05
OPEN_LIMIT_S = 9.0
"""A camera may take 8 s to open."""
WATCH_S = 1.5
LISTEN_S = 2.0
QUIET_LEVEL = 0.0005
"""Below it is what a microphone hears whose level is at zero."""
FEWEST_FRAMES = 10


async def _until_live(media: LocalMedia, device: DeviceKind) -> Verdict | None:
    """None as soon as the device delivers; else what is wrong with it."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    while True:
        status = media.device_status.get(device)
        if status is not None and status.state is DeviceState.LIVE:
            return None
        if status is not None and status.state is DeviceState.FAILED:
            return "fail", status.message
        if loop.time() - begun_s > OPEN_LIMIT_S:
            return "fail", "It does not answer."
        await asyncio.sleep(POLL_S)


async def try_camera(media: LocalMedia, settings: Settings) -> Verdict:
    """A picture comes; how large and how often."""
    if settings.camera == "none":
        return "warn", "No camera is chosen: the others do not see you."
    if media.video_muted:
        return "warn", "It is switched off in this call, and was not tried."
    problem = await _until_live(media, "camera")
    if problem is not None:
        return problem
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    while (newest := media.slot.newest()) is None or loop.time() - begun_s < WATCH_S:
        if loop.time() - begun_s > OPEN_LIMIT_S:
            return "fail", "It delivers no pictures."
        await asyncio.sleep(POLL_S)
    fps = media.camera_fps
    said = f"{newest.frame.width} × {newest.frame.height}, {fps:.0f} pictures a second."
    if fps < 1:
        return "fail", "It delivers no pictures."
    if fps < settings.frame_rate / 2:
        return "warn", f"{said} You asked for {settings.frame_rate}; it may be too dark."
    return "pass", said


async def try_microphone(media: LocalMedia, settings: Settings) -> Verdict:
    """Sound comes, and not silence alone."""
    if settings.microphone == "none":
        return "warn", "No microphone is chosen: the others do not hear you."
    problem = await _until_live(media, "microphone")
    if problem is not None:
        return problem
    loop = asyncio.get_running_loop()
    begun_s, before, loudest = loop.time(), media.frames_captured, 0.0
    while loop.time() - begun_s < LISTEN_S:
        await asyncio.sleep(POLL_S)
        loudest = max(loudest, media.raw_level)
    if media.frames_captured - before < FEWEST_FRAMES:
        return "fail", "No sound comes from it."
    if loudest < QUIET_LEVEL:
        return "warn", "It is silent: its switch may be off, or its level at zero."
    return "pass", f"Sound comes, at most {loudest * 100:.1f} % of full level."


async def try_speaker(media: LocalMedia, settings: Settings) -> Verdict:
    """The device takes sound; whether anybody hears it only the person knows."""
    if settings.speaker == "none":
        return "warn", "No speaker is chosen: you do not hear the others."
    problem = await _until_live(media, "speaker")
    if problem is not None:
        return problem
    before = media.mixer.frames_pulled
    media.play_test_tone()
    await asyncio.sleep(WATCH_S)
    if media.mixer.frames_pulled - before < FEWEST_FRAMES:
        return "fail", "It takes no sound."
    return "pass", "It played a short tone; if you heard none, raise its volume or choose another one."
