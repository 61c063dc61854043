"""The playout of sound on simulated networks, for tuning it: python -m tests.bench.playout

Nothing runs in real time and no machine is too slow for it: the figures depend on the seeds alone.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass

from desktop_app.media.clock import AUDIO_FRAME_S
from tests.unit.rtc.playout_simulation import (
    Listener,
    Packet,
    encode_tone,
    through_network,
    with_copies,
)


@dataclass(frozen=True, slots=True)
class Weather:
    """A network, and how many earlier frames each packet carries on it."""

    title: str
    copies: int = 0
    loss: float = 0.0
    jitter_s: float = 0.0
    normal: bool = False


WEATHERS = (
    Weather("clean"),
    Weather("5 % loss, in-band FEC alone", loss=0.05),
    Weather("5 % loss, one copy", copies=1, loss=0.05),
    Weather("10 % loss, in-band FEC alone", loss=0.1),
    Weather("10 % loss, one copy", copies=1, loss=0.1),
    Weather("10 % loss, two copies", copies=2, loss=0.1),
    Weather("20 % loss, in-band FEC alone", loss=0.2),
    Weather("20 % loss, two copies", copies=2, loss=0.2),
    Weather("30 ms jitter, uniform", jitter_s=0.03),
    Weather("30 ms jitter, normal", jitter_s=0.03, normal=True),
    Weather("60 ms jitter, uniform", jitter_s=0.06),
    Weather("30 ms jitter and 10 % loss, two copies", copies=2, loss=0.1, jitter_s=0.03),
)


def row(weather: Weather, packets: list[Packet], seeds: int) -> str:
    """Mean and worst of the seeds; with each the speaker asks at another moment."""
    concealed, recovered, delays = [], [], []
    for seed in range(seeds):
        listener = Listener(now_s=0.001 + seed * 0.0037 % AUDIO_FRAME_S)
        arrivals = through_network(
            with_copies(packets, weather.copies),
            seed,
            loss=weather.loss,
            jitter_s=weather.jitter_s,
            normal=weather.normal,
        )
        listener.listen(arrivals, len(packets) * AUDIO_FRAME_S)
        playout = listener.playout
        concealed.append(100 * listener.concealed_share)
        recovered.append(100 * playout.recovered_samples / playout.total_samples)
        delays.append(1000 * listener.mean_delay_s)
    return (
        f"| {weather.title} | {statistics.fmean(concealed):.2f} (worst {max(concealed):.2f}) "
        f"| {statistics.fmean(recovered):.2f} | {statistics.fmean(delays):.0f} (worst {max(delays):.0f}) |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=30, help="of speech-like sound")
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    packets = encode_tone(round(options.seconds / AUDIO_FRAME_S), syllables=True)
    print("| network | concealed, % | brought back, % | delay, ms |\n| --- | --- | --- | --- |")
    for weather in WEATHERS:
        print(row(weather, packets, options.seeds), flush=True)


if __name__ == "__main__":
    main()
