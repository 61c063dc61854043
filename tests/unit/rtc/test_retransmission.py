"""How much repairs may take of a path."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.retransmission import BURST_S, MIN_BURST_BYTES, SHARE, RetransmissionBudget


def test_a_short_cut_is_repaired_at_once() -> None:
    budget = RetransmissionBudget(1000)
    assert all(budget.allow(0.0, number, 1000, 0.05) for number in range(37))  # 300 ms of 1000 kbit/s


def test_lasting_repairs_have_their_share() -> None:
    budget = RetransmissionBudget(1000)
    sent = sum(1000 for number in range(6000) if budget.allow(number / 200, number, 1000, 0.05))  # 30 s
    assert sent <= 30 * 1000 * 125 * SHARE + 1000 * 125 * BURST_S
    assert sent >= 0.95 * 30 * 1000 * 125 * SHARE


def test_a_collapsed_path_gets_few() -> None:
    budget = RetransmissionBudget(1000)
    budget.set_estimate(100)
    assert sum(budget.allow(0.0, number, 1000, 0.05) for number in range(100)) == MIN_BURST_BYTES // 1000


def test_one_packet_is_answered_once_a_round_trip() -> None:
    budget = RetransmissionBudget(1000)
    assert budget.allow(0.0, 7, 1000, 0.2)
    assert not budget.allow(0.1, 7, 1000, 0.2)
    assert budget.allow(0.2, 7, 1000, 0.2)


def test_who_asks_a_second_time_gets_two_copies() -> None:
    budget = RetransmissionBudget(1000)
    assert budget.copies(0.0, 7, 1000, 0.05) == 1
    assert budget.copies(0.02, 7, 1000, 0.05) == 0
    assert budget.copies(0.06, 7, 1000, 0.05) == 2
    budget.set_estimate(30)
    assert sum(budget.copies(0.12, number, 1000, 0.05) for number in (7, 7, 8, 9, 10, 11, 12, 13)) <= 6


def test_a_lossy_path_gets_two_copies_at_once() -> None:
    budget = RetransmissionBudget(1000)
    assert budget.copies(0.0, 7, 1000, 0.05, fraction_lost=0.01) == 1
    assert budget.copies(0.0, 8, 1000, 0.05, fraction_lost=0.05) == 2


@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.integers(0, 65535), st.floats(0, 1500), st.floats(30, 10_000)),
        max_size=200,
    )
)
def test_never_more_than_burst_and_share(requests: list[tuple[float, int, float, float]]) -> None:
    budget = RetransmissionBudget(10_000)
    now_s, latest_s, spent = 0.0, 0.0, 0.0
    for pause_s, number, size, estimate in requests:
        now_s += pause_s
        budget.set_estimate(estimate)
        latest_s += max(0.0, pause_s)
        if budget.allow(now_s, number, size, 0.05):
            spent += size
    assert spent <= 10_000 * 125 * (BURST_S + SHARE * latest_s) + 1
