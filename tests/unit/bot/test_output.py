"""Event lines: whole, in order, and never a reason to stall."""

from __future__ import annotations

import io
import json
import os
import threading
import time

import pytest

from desktop_app.bot.output import MAX_QUEUED_LINES, EventWriter


def nobody() -> None:
    """For writers whose reader stays."""


def test_each_event_is_one_json_line_with_its_time() -> None:
    stream = io.StringIO()
    writer = EventWriter(stream, on_closed=nobody)
    begun_s = time.time()
    writer.write("joined", participants=["Zoë", "a\nb"])
    writer.write("left")
    writer.close()
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert begun_s - 0.01 <= first.pop("t") <= time.time() + 0.01
    assert first == {"event": "joined", "participants": ["Zoë", "a\nb"]}
    assert second["event"] == "left"


def test_names_pass_through_an_output_that_knows_only_ascii() -> None:
    raw = io.BytesIO()
    writer = EventWriter(io.TextIOWrapper(raw, encoding="ascii"), on_closed=nobody)
    writer.write("peer", user="Zoë \U0001f600 \udc80")
    writer.close()
    assert json.loads(raw.getvalue())["user"] == "Zoë \U0001f600 \udc80"


def test_a_reader_that_went_away_is_told_once_and_later_events_do_no_harm() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    told = threading.Event()
    stream = os.fdopen(write_end, "w")
    writer = EventWriter(stream, on_closed=told.set)
    writer.write("joined")
    assert told.wait(5)
    writer.write("left")
    writer.close()
    with pytest.raises(BrokenPipeError):
        stream.close()


@pytest.mark.expected_warnings("nobody reads our events")
def test_a_reader_that_stalls_costs_stats_first_and_nothing_blocks() -> None:
    read_end, write_end = os.pipe()
    writer = EventWriter(os.fdopen(write_end, "w"), on_closed=nobody)
    filler = "x" * 1000
    for _ in range(MAX_QUEUED_LINES):
        writer.write("stats", filler=filler)
    for _ in range(MAX_QUEUED_LINES * 2):
        writer.write("peer", filler=filler)
    with os.fdopen(read_end) as reader:
        received: list[str] = []
        thread = threading.Thread(target=lambda: received.extend(reader))
        thread.start()
        writer.close(10)
        writer._stream.close()
        thread.join()
    events = [json.loads(line)["event"] for line in received]
    assert events == sorted(events, reverse=True)  # stats, then peer: in order
    assert 0 < events.count("stats") < MAX_QUEUED_LINES
    assert MAX_QUEUED_LINES // 3 < events.count("peer") < MAX_QUEUED_LINES * 2
