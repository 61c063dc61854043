"""Congestion control on simulated paths: what it finds, what queue it leaves, what it makes of loss."""

from __future__ import annotations

import math
import statistics

import pytest

from desktop_app.rtc.sctp import congestion as module
from desktop_app.rtc.sctp.base_delay import SPAN_S, BaseDelay
from desktop_app.rtc.sctp.congestion import CongestionControl
from tests.netlab.links import Conditions

from .data_simulation import Simulation

RTT_MS = 50.0


def transfer(
    seconds: float = 8.0, *, seed: int = 1, message_bytes: int = 16_384, **weather: float
) -> Simulation:
    """End a sends as fast as it can."""
    conditions = {"delay_ms": RTT_MS / 2, **weather}
    simulation = Simulation(Conditions(**conditions), seed=seed)  # type: ignore[arg-type]
    simulation.keep_full(message_bytes=message_bytes)
    simulation.run_until(seconds)
    return simulation


def mbps(simulation: Simulation, begin_s: float, end_s: float) -> float:
    return simulation.received_bytes(begin_s, end_s) * 8 / 1e6 / (end_s - begin_s)


def queue_ms(simulation: Simulation, seconds: float = 6.0) -> list[float]:
    """The bottleneck's queue from now on, every 10 ms."""
    waits = []
    for _ in range(round(seconds * 100)):
        simulation.run_until(simulation.now_s + 0.01)
        waits.append(max(0.0, simulation.a.link._free_at_s - simulation.now_s) * 1000)
    return waits


def test_thirty_megabits_are_found_within_two_seconds() -> None:
    simulation = transfer(4.0, rate_kbps=30_000)
    assert mbps(simulation, 1.0, 2.0) > 24
    assert mbps(simulation, 2.0, 4.0) > 25.5
    assert simulation.a.sender.chunks_retransmitted == 0


@pytest.mark.parametrize("loss_pct", [0.5, 1.0, 3.0])
def test_random_loss_costs_little(loss_pct: float) -> None:
    simulation = transfer(6.0, rate_kbps=30_000, loss_pct=loss_pct)
    assert mbps(simulation, 2.0, 6.0) > 22
    lost = simulation.a.link.counters.lost
    assert lost > 0
    assert simulation.a.sender.chunks_retransmitted <= 1.1 * lost + 5
    assert simulation.a.sender.timeouts == 0


@pytest.mark.parametrize("loss_pct", [10.0, 20.0])
def test_much_random_loss_is_told_from_a_full_path(loss_pct: float) -> None:
    simulation = transfer(10.0, rate_kbps=30_000, loss_pct=loss_pct)
    assert mbps(simulation, 6.0, 10.0) > 12


@pytest.mark.parametrize("rate_kbps", [1000.0, 5000.0, 20_000.0])
def test_the_queue_stays_near_its_target(rate_kbps: float) -> None:
    simulation = transfer(4.0, rate_kbps=rate_kbps)
    waits = queue_ms(simulation)
    packet_ms = 1253 * 8 / rate_kbps
    assert statistics.fmean(waits) <= module.TARGET_S * 1000 + 2 * packet_ms
    assert sorted(waits)[int(0.95 * len(waits))] <= 2 * module.TARGET_S * 1000 + 3 * packet_ms
    assert mbps(simulation, 4.0, 10.0) > 0.75 * rate_kbps / 1000


def test_a_narrow_path_is_used_and_not_flooded() -> None:
    simulation = transfer(20.0, rate_kbps=500, queue_ms=300)
    assert mbps(simulation, 5.0, 20.0) > 0.35
    assert simulation.a.link.counters.overflow == 0


def test_a_short_queue_overflows_now_and_then_only() -> None:
    simulation = transfer(10.0, rate_kbps=10_000, queue_ms=10)
    counters = simulation.a.link.counters
    assert mbps(simulation, 4.0, 10.0) > 7
    assert counters.overflow < 0.08 * counters.sent


def test_jitter_is_no_queue() -> None:
    simulation = transfer(8.0, rate_kbps=10_000, jitter_ms=30)
    assert mbps(simulation, 3.0, 8.0) > 7
    # RACK's window has adapted: little of what is only late is sent again.
    assert simulation.a.sender.chunks_retransmitted < 0.02 * simulation.a.sender.chunks_sent


def test_a_path_that_narrows_is_left_without_a_queue_for_long() -> None:
    simulation = transfer(4.0, rate_kbps=10_000)
    simulation.a.link.conditions = Conditions(delay_ms=25, rate_kbps=1000, queue_ms=300)
    simulation.run_until(7.0)
    assert statistics.fmean(queue_ms(simulation, 3.0)) < 45
    assert mbps(simulation, 7.0, 10.0) > 0.7


def test_a_path_that_widens_is_used_soon() -> None:
    simulation = transfer(4.0, rate_kbps=1000)
    simulation.a.link.conditions = Conditions(delay_ms=25, rate_kbps=20_000)
    simulation.run_until(9.0)
    assert mbps(simulation, 7.0, 9.0) > 13


def test_a_longer_route_is_believed_in_the_end() -> None:
    simulation = transfer(4.0, rate_kbps=5000)
    simulation.a.link.conditions = Conditions(delay_ms=150, rate_kbps=5000)
    simulation.run_until(40.0)
    assert mbps(simulation, 30.0, 40.0) > 3


def test_a_queue_of_others_leaves_the_least_share_and_no_less() -> None:
    simulation = transfer(4.0, rate_kbps=5000, message_bytes=1000)
    simulation.a.link.conditions = Conditions(delay_ms=25 + 40, rate_kbps=5000)  # 40 ms that do not go away
    simulation.run_until(9.0)
    kbps = mbps(simulation, 6.0, 9.0) * 1000
    assert 0.5 * module.LEAST_KBPS < kbps < 400


def test_a_cut_of_twenty_seconds_ends_within_about_a_second() -> None:
    simulation = transfer(3.0, rate_kbps=20_000)
    weather = simulation.a.link.conditions
    for end in (simulation.a, simulation.b):
        end.link.conditions = Conditions(block=True)
    sent_before = simulation.a.bytes_sent
    simulation.run_until(23.0)
    assert simulation.a.bytes_sent - sent_before < 400_000
    for end in (simulation.a, simulation.b):
        end.link.conditions = weather
    simulation.run_until(24.2)
    assert simulation.received_bytes(23.0, 24.2) > 0
    simulation.run_until(28.0)
    assert mbps(simulation, 26.0, 28.0) > 14


def test_the_limit_of_others_is_kept_and_lifted() -> None:
    simulation = transfer(3.0, rate_kbps=20_000)
    simulation.a.sender.congestion.limit_kbps = 100.0
    simulation.run_until(9.0)
    assert 0.04 < mbps(simulation, 5.0, 9.0) < 0.11
    simulation.a.sender.congestion.limit_kbps = math.inf
    simulation.run_until(13.0)
    assert mbps(simulation, 11.0, 13.0) > 14


def test_the_window_is_never_below_its_floor() -> None:
    simulation = transfer(2.0, rate_kbps=100, queue_ms=2000, loss_pct=20.0)
    control = simulation.a.sender.congestion
    for _ in range(200):
        simulation.run_until(simulation.now_s + 0.1)
        assert control.window_bytes(simulation.now_s) >= module.LEAST_BYTES
        assert control.pacing_bps >= module.LEAST_KBPS * 125
        assert control.window_bytes(simulation.now_s) <= module.MAX_BYTES


def test_what_was_not_used_for_long_is_tried_anew() -> None:
    simulation = transfer(3.0, rate_kbps=20_000)
    control = simulation.a.sender.congestion
    used = control.window_bytes(3.0)
    simulation.a.refill = lambda: None
    simulation.run_until(30.0)
    simulation.a.send(1, bytes(100))
    simulation.run_until(31.0)
    assert control.window_bytes(31.0) <= 2 * module.START_BYTES < used
    simulation.keep_full()
    simulation.run_until(33.0)
    assert mbps(simulation, 32.0, 33.0) > 14


def test_it_begins_with_few_packets() -> None:
    control = CongestionControl()
    assert control.window_bytes(0.0) == module.START_BYTES
    assert math.isinf(control.base_s)


def test_the_base_is_kept_for_large_and_small_packets_and_forgotten_with_time() -> None:
    base = BaseDelay()
    assert math.isinf(base.least_s)
    assert base.add(0.0, 100, 0.050) == (0.0, False)
    assert base.least_s == 0.050
    assert base.add(0.1, 1160, 0.070) == (0.0, False)
    assert base.least_s == 0.070
    assert base.add(0.2, 1160, 0.080)[0] == pytest.approx(0.010)
    assert base.add(0.3, 100, 0.055)[0] == pytest.approx(0.005)
    queue_s, is_new = base.add(SPAN_S + 1, 1160, 0.090)
    assert is_new
    assert queue_s == pytest.approx(0.020)
    queue_s, is_new = base.add(2 * SPAN_S + 2, 1160, 0.095)
    assert is_new
    assert queue_s == pytest.approx(0.005)
    base.raise_by(0.1)
    assert base.least_s == pytest.approx(0.190)
