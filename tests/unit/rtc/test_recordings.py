"""Packets of a real call over tests/netlab, as they came, given to the buffers again.

Recorded at one of two bots with 50 ms of round trip: five seconds without trouble, from then on 500 kbit/s with a queue
of 300 ms, from 14 s on 10 % loss, from 20 s on 30 ms of jitter with reordering and 5 % loss; up to 28 s. What was sent
again is there as it came. `copies` are the ages of RED's blocks, in samples.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.frame_assembler import MAX_BUFFERED_PACKETS, FrameAssembler
from desktop_app.rtc.reception import sequence_delta, timestamp_delta
from desktop_app.rtc.red import Copy
from desktop_app.rtc.vp8 import Vp8Payload

from .playout_simulation import encode_tone

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDINGS = Path(__file__).with_name("recordings")
PATIENCE_S = 0.3
"""As VideoReceiver waits, at this round trip."""


def rows(name: str) -> Iterator[dict[str, str]]:
    """The lines of a recording."""
    with (RECORDINGS / name).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


@dataclass(frozen=True, slots=True)
class Heard:
    """One packet of sound as it came."""

    sequence_number: int
    timestamp: int
    arrival_s: float
    ages: tuple[int, ...]


def heard() -> list[Heard]:
    """The recorded sound."""
    return [
        Heard(
            int(row["sequence_number"]),
            int(row["timestamp"]),
            100 + float(row["arrival_ms"]) / 1000,
            tuple(int(age) for age in row["copies"].split()),
        )
        for row in rows("sound.csv")
    ]


def test_the_sound_of_a_bad_network_is_whole_and_its_delay_does_not_stay() -> None:
    packets = heard()
    begin = packets[0].timestamp
    payloads = [packet.payload for packet in encode_tone(1500, syllables=True)]

    def payload_at(timestamp: int) -> bytes:
        return payloads[timestamp_delta(timestamp, begin) // AUDIO_FRAME_SAMPLES]

    playout = AudioPlayout()
    now_s, buffered_s = packets[0].arrival_s, []
    for packet in packets:
        while now_s <= packet.arrival_s:
            assert playout.pull(now_s).shape == (AUDIO_FRAME_SAMPLES,)
            buffered_s.append(playout.buffered_s)
            now_s += AUDIO_FRAME_S
        copies = [Copy(age, payload_at(packet.timestamp - age)) for age in packet.ages]
        payload = payload_at(packet.timestamp)
        playout.put(packet.sequence_number, packet.timestamp, payload, packet.arrival_s, copies)
    lost = sequence_delta(packets[-1].sequence_number, packets[0].sequence_number) + 1 - len(packets)
    assert lost > 0.02 * len(packets)
    assert playout.recovered_samples > 0.5 * lost * AUDIO_FRAME_SAMPLES
    assert playout.concealed_samples < 0.03 * playout.total_samples
    assert max(buffered_s) < 0.6
    assert max(buffered_s[-100:]) < 0.2


def test_the_pictures_of_a_bad_network_come_out_once_and_in_order() -> None:
    assembler = FrameAssembler()
    timestamps: list[int] = []
    sent: set[int] = set()
    needs_keyframe = True
    for number, row in enumerate(rows("pictures.csv")):
        arrival_s = float(row["arrival_ms"]) / 1000
        since_s = assembler.blocked_since_s
        if since_s is not None and arrival_s - since_s > PATIENCE_S:
            assembler.give_up()
            needs_keyframe = True
        payload = None
        if row["frame_start"]:
            data = b"\x00" if row["keyframe"] == "1" else b"\x01"
            payload = Vp8Payload(row["frame_start"] == "1", None, data + str(number).encode())
        timestamp = int(row["timestamp"])
        sent.add(timestamp)
        marker = row["marker"] == "1"
        for frame in assembler.add(int(row["sequence_number"]), timestamp, marker, payload, arrival_s):
            assert frame.keyframe or not needs_keyframe
            needs_keyframe = False
            timestamps.append(frame.timestamp)
        assert len(assembler) <= MAX_BUFFERED_PACKETS
    steps = [timestamp_delta(later, earlier) for earlier, later in pairwise(timestamps)]
    assert min(steps) > 0
    assert len(timestamps) > 0.9 * len(sent)
