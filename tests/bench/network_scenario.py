"""One call of two participants through all phases, and what was measured in it."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.end2end.processes import ServerProcess
from tests.netlab import NetLab

from . import network_phases as phases
from . import network_pictures as pictures
from . import network_sound as sound
from .network_bot import BotParticipant
from .network_chromium import ChromiumParticipant
from .network_load import Load, LoadMeter
from .network_model import Figures, Participant, Window
from .network_phases import LinkMeter, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .network_media import Samples

WARM_UP_S = 8.0
"""From the first picture: both kinds of senders have found their bitrate."""
HOSTS = ("a", "b")
SERVER_HOST = "c"
BACK_LIMIT_S = 3.0
REGAINED_PART = 0.9


@dataclass(frozen=True, slots=True)
class Material:
    """What is said and shown."""

    film: Path
    speech: Path
    speech_samples: Samples
    width_px: int
    height_px: int

    @property
    def size(self) -> str:
        """As the bot's command line takes it."""
        return f"{self.width_px}x{self.height_px}"


@dataclass(slots=True)
class Measured:
    """One window of one scenario."""

    window: Window
    loads: dict[str, Load] = field(default_factory=dict)
    machine_pct: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one receiver in one phase of one run."""

    scenario: str
    """ours, chromium or mixed."""
    run: int
    receiver: str
    """The kind of the receiver: ours or chromium."""
    host: str
    size: str
    phase: str
    figures: Figures
    machine: Figures


async def run(
    scenario: str, material: Material, folder: Path, chosen: Sequence[Phase], *, seconds: float, number: int
) -> list[Result]:
    """Run one scenario; `number` seeds the losses, so that both kinds meet the same."""
    kinds = {"ours": ("ours", "ours"), "chromium": ("chromium", "chromium"), "mixed": ("ours", "chromium")}
    with NetLab(hosts=3, seed=number, delay=phases.ONE_WAY_MS) as lab:
        async with AsyncExitStack() as stack:
            server = ServerProcess(folder, host=lab.address(SERVER_HOST), prefix=lab.command(SERVER_HOST, []))
            await stack.enter_async_context(server)
            people: list[Participant] = []
            for kind, host in zip(kinds[scenario], HOSTS, strict=True):
                people.append(await _join(stack, kind, host, lab, server, material, folder))
            for person, other in zip(people, reversed(people), strict=True):
                await person.connected(other.name)
            await asyncio.sleep(WARM_UP_S)
            meter = LinkMeter(lab)
            measured = [await _phase(phase, lab, people, seconds) for phase in chosen]
            await meter.stop()
            await asyncio.gather(*(person.finish() for person in people))
    return [
        result
        for person, other, host in zip(people, reversed(people), HOSTS, strict=True)
        for result in _results(scenario, number, material, person, other, host, measured, meter)
    ]


async def _join(
    stack: AsyncExitStack,
    kind: str,
    host: str,
    lab: NetLab,
    server: ServerProcess,
    material: Material,
    folder: Path,
) -> Participant:
    prefix = lab.command(host, [])
    if kind == "chromium":
        return await ChromiumParticipant.join(
            stack, folder, host, server=server, prefix=prefix, film=material.film, speech=material.speech
        )
    bot = BotParticipant(
        folder,
        host,
        server_url=server.url,
        prefix=prefix,
        film=material.film,
        speech=material.speech,
        speech_samples=material.speech_samples,
        size=material.size,
    )
    await stack.enter_async_context(bot.process)
    await bot.process.wait_for_event("joined")
    return bot


async def _phase(phase: Phase, lab: NetLab, people: list[Participant], seconds: float) -> Measured:
    if phase.rest_before:
        await phases.change(lab)
        await asyncio.sleep(phases.REST_S)
    await phases.change(lab, **phase.changes)
    began_s = time.monotonic()
    await asyncio.sleep(phase.settle_s)
    if phase.probes:
        await asyncio.gather(*(person.begin(phase.name) for person in people))
    pids = {person.name: person.pid for person in people}
    load = LoadMeter({**pids, "switch": lab.pid}, own="bench")
    begin_s = time.monotonic() if phase.settle_s else began_s
    cut_ends_s: Sequence[float] = ()
    if phase.cuts:
        cut_ends_s = await phases.cut_now_and_then(lab, seconds)
    else:
        await asyncio.sleep(seconds)
    window = Window(phase.name, begin_s, time.monotonic(), tuple(cut_ends_s))
    loads, machine_pct = load.read()
    if phase.probes:
        await asyncio.gather(*(person.end(phase.name) for person in people))
    return Measured(window, loads, machine_pct)


def _results(
    scenario: str,
    number: int,
    material: Material,
    person: Participant,
    other: Participant,
    host: str,
    measured: list[Measured],
    meter: LinkMeter,
) -> list[Result]:
    link = f"{other.name}>{person.name}"
    clean = next((each.window for each in measured if each.window.phase == "clean"), None)
    results = []
    for each in measured:
        window = each.window
        figures: Figures = {
            "kbps": meter.kbps(link, window.begin_s, window.end_s),
            "cpu_pct": each.loads[person.name].cpu_pct,
            "memory_mb": each.loads[person.name].memory_mb,
        }
        if phases.BY_NAME[window.phase].probes:
            figures.update(_received(person, other, window))
        if window.phase == "lifted" and clean is not None:
            usual_kbps = meter.kbps(link, clean.begin_s, clean.end_s)
            if usual_kbps is not None:
                wanted_kbps = usual_kbps * REGAINED_PART
                figures["regained_s"] = meter.regained_after_s(
                    link, window.begin_s, window.end_s, wanted_kbps
                )
        cores = os.cpu_count() or 1
        others_pct = each.machine_pct * cores - sum(load.cpu_pct for load in each.loads.values())
        machine: Figures = {
            "machine_pct": each.machine_pct,
            "others_pct": max(0.0, others_pct),
            "switch_pct": each.loads["switch"].cpu_pct,
            "bench_pct": each.loads["bench"].cpu_pct,
        }
        results.append(
            Result(scenario, number, person.kind, host, material.size, window.phase, figures, machine)
        )
    return results


def _received(person: Participant, other: Participant, window: Window) -> Figures:
    """What one person saw and heard of the other."""
    own = person.own_figures(window)
    shown = person.media.shown
    glass = pictures.Glass(other.media.captured)
    video_s = glass.delays_s(shown, window)
    figures: Figures = {
        "fps": own.fps,
        "shown_fps": pictures.shown_fps(shown, window),
        "frozen_s": _frozen_s(person, window, own.frozen_s),
        "own_frozen_s": own.frozen_s,
        "freezes": own.freezes,
        "longest_gap_ms": pictures.longest_gap_s(shown, window) * 1000,
        "video_delay_ms": _ms(statistics.median(video_s)) if video_s else None,
        "video_delay_p95_ms": _ms(_percentile(video_s, 0.95)) if video_s else None,
        "concealed_pct": own.concealed_pct,
        "receiver_audio_ms": own.receiver_audio_ms,
        "width_px": own.width_px,
        "nacks": own.nacks,
        "plis": own.plis,
    }
    spoken, heard = other.media.spoken, person.media.heard
    if not spoken or not heard:
        return figures
    stretches = sound.stretches(spoken, heard, window)
    audio_s = [delay_s for _, delay_s in stretches]
    if not audio_s:
        return figures
    delay_s = statistics.median(audio_s)
    figures["audio_delay_ms"] = _ms(delay_s)
    behind_s = sound.behind_picture_s(stretches, shown, glass)
    figures["sound_behind_ms"] = None if behind_s is None else _ms(behind_s)
    figures["audio_delay_p95_ms"] = _ms(_percentile(audio_s, 0.95))
    figures["pesq"] = sound.pesq_wb(spoken, heard, window, delay_s)
    if window.cut_ends_s:
        seen = [glass.back_after_s(shown, end_s, BACK_LIMIT_S) for end_s in window.cut_ends_s]
        audible = [sound.back_after_s(spoken, heard, end_s, delay_s) for end_s in window.cut_ends_s]
        figures["picture_back_s"] = statistics.median(seen)
        known = [each for each in audible if each is not None]
        figures["sound_back_s"] = statistics.median(known) if known else None
    return figures


def _frozen_s(person: Participant, window: Window, own_s: float | None) -> float:
    """Freezes of the window.

    Those that a participant counts may have begun before the window. A browser that is short of time does not tell
    of every picture that it shows, so in its favour a freeze must be in both accounts (its own one leaves out a
    freeze that has not ended).
    """
    shown = person.media.shown
    shown_s = pictures.frozen_s(shown, window)
    if person.kind == "ours" or own_s is None:
        return shown_s
    return min(own_s + pictures.open_gap_s(shown, window), shown_s)


def _ms(seconds: float) -> float:
    return seconds * 1000


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]
