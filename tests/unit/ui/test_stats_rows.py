"""The figures of the statistics table."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from desktop_app.call.events import TopologyChanged
from desktop_app.data.channels import CHANNELS
from desktop_app.stats.model import (
    ChannelStats,
    InboundAudioStats,
    InboundVideoStats,
    LocalStats,
    OutboundAudioStats,
    OutboundVideoStats,
    PeerStats,
    TransportStats,
)
from desktop_app.ui import units
from desktop_app.ui.stats_data_rows import TITLES, data_sections
from desktop_app.ui.stats_line import Row
from desktop_app.ui.stats_rows import SENT_ONCE, overview_sections, sections_for

PEER = PeerStats(
    "anna",
    "connected",
    TransportStats(35.4, "host", "relay", "udp", "10.0.0.2:5000", "192.0.2.1:443", 1500, 2_500_000),
    InboundVideoStats(
        "VP8", 900, 812.4, 12, 3, 1.24, 4.2, 1500, 1490, 10, 5, 29.8, 640, 360, 2, 1.25, 7, 1, 2.3, 48.0
    ),
    InboundAudioStats("opus", 1, 31.6, 50, 1, 0.3, 2.0, 0.25, 48000, 960, 2.0, 62.0),
    OutboundVideoStats("VP8", 2, 1240.0, 1500.0, 3, 4, 5, 6, 30.0, 1280, 720, 4.4, 8, 9, 0.5, 3.0),
    OutboundAudioStats("opus", 3, 32.0, 4, 0.1, 0.4, 1.0),
    (
        ChannelStats("chat", "open", 1500, 2500, 1.2, 3.4, 1234, 5, 6, 7000, {"flood": 8, "malformed": 9}),
        ChannelStats("bulk", "open", 0, 5_000_000, 0.0, 8200.0, 0, 300),
    ),
    av_offset_ms=-62.4,
)


def rows_of(title: str, peer: PeerStats | None = PEER) -> dict[str, Row]:
    sections = {section.title: section for section in sections_for(peer, LocalStats(29.9, 0.08, 43.2, 312.4))}
    return {row.label: row for row in sections[title].rows}


def test_picture_in_both_directions() -> None:
    rows = rows_of("Picture")
    assert (rows["Bit rate"].received.text, rows["Bit rate"].sent.text) == ("812 kbit/s", "1.24 Mbit/s")
    assert rows["Frame size"].received.text == "640 × 360"
    assert rows["Freezes"].received.text == "2 (1.2 s)"
    assert rows["Loss"].received == ("1.2 %", "inbound-rtp: rate of packetsLost")
    assert rows["Loss"].sent == ("0.5 %", "remote-inbound-rtp: fractionLost")
    assert rows["Frames"].received.text == "1\u202f500"
    assert rows["Target bit rate"] == Row("Target bit rate", sent=rows["Target bit rate"].sent), (
        "a figure that only one direction has leaves the other cell empty"
    )


def test_connection_sound_and_computer() -> None:
    assert rows_of("Connection")["State"].received.text == "Connected"
    assert rows_of("Connection")["Address (theirs, ours)"].received.text == "192.0.2.1:443"
    assert rows_of("Connection")["Sound behind picture"].received.text == "-62 ms"
    assert rows_of("Connection")["Data in all"].received.text == "2.5 MB"
    assert rows_of("Sound")["Concealed"].received.text == "2.0 %"
    assert rows_of("Sound")["Level"].received.text == "25 %"
    assert rows_of("This computer")["Memory"].received.text == "312.4 MB"


def test_data_channels() -> None:
    rows = rows_of("Data: chat")
    assert rows["State"].received.text == "Open"
    assert (rows["Messages"].received.text, rows["Messages"].sent.text) == ("1\u202f234", "5")
    assert (rows["Waiting"].received.text, rows["Waiting"].sent.text) == ("", "6 (7.0 kB)")
    assert rows["Messages dropped"].received.text == "8 flood, 9 malformed"
    assert rows_of("Data: contents of files")["Bit rate"].sent.text == "8.20 Mbit/s"
    assert rows_of("Data: contents of files")["Messages dropped"].received.text == "0"
    assert rows_of("Data: whiteboard")["State"].received.text == units.UNKNOWN


def test_every_channel_has_a_section_and_every_figure_of_it_a_row() -> None:
    assert list(TITLES) == [spec.label for spec in CHANNELS]
    one = ChannelStats("chat")
    for figure in dataclasses.fields(one)[1:]:
        value = getattr(one, figure.name)
        changed: Any = {"flood": 1} if value == {} else f"{value}x" if isinstance(value, str) else value + 5
        other = dataclasses.replace(one, **{figure.name: changed})
        shown = [data_sections(PeerStats("anna", "connected", channels=(each,))) for each in (one, other)]
        assert shown[0] != shown[1], f"{figure.name} is not shown"


def test_every_figure_of_the_model_has_a_row() -> None:
    """A figure that is counted but never shown would be a figure for nobody."""
    unknown = PeerStats("anna", "connected")
    for name in ("transport", "inbound_video", "inbound_audio", "outbound_video", "outbound_audio"):
        part = getattr(PEER, name)
        for figure in dataclasses.fields(part):
            value = getattr(part, figure.name)
            changed = value * 5 if isinstance(value, int | float) else f"{value}x"
            one = dataclasses.replace(unknown, **{name: part})
            other = dataclasses.replace(
                unknown, **{name: dataclasses.replace(part, **{figure.name: changed})}
            )
            assert sections_for(one, None) != sections_for(other, None), f"{name}.{figure.name} is not shown"


def test_the_table_has_the_same_shape_when_nothing_is_known() -> None:
    unknown, known = sections_for(None, None), sections_for(PEER, LocalStats())
    assert [[row.label for row in section.rows] for section in unknown] == [
        [row.label for row in section.rows] for section in known
    ]
    assert {row.received.text for section in unknown for row in section.rows} <= {units.UNKNOWN, ""}


def test_the_overview_has_a_section_for_everybody() -> None:
    sections = overview_sections([("Anna", PEER), ("Ben", None)], LocalStats())
    assert [section.title for section in sections] == ["Anna", "Ben", "This computer"]
    assert [row.received.text for row in sections[0].rows] == [
        "Connected",
        units.UNKNOWN,
        "35 ms",
        "812 kbit/s",
        "1.2 %",
        "29.8 fps",
        "32 kbit/s",
        "0.3 %",
        "1 kbit/s",
    ]
    assert sections[0].rows[-1].sent.text == "8.20 Mbit/s"
    assert {row.received.text for row in sections[1].rows} == {units.UNKNOWN}
    good = dataclasses.replace(PEER, quality="good")
    assert overview_sections([("Anna", good)], LocalStats())[0].rows[1].received.text == "Good"
    assert sections_for(good, None)[0].rows[2].received.text == "Good"


def test_what_goes_to_a_media_server_stands_there_once() -> None:
    topology = TopologyChanged("sfu", "participants")
    sections = overview_sections([("Anna", None), ("Ben", PEER)], LocalStats(), topology)
    assert [section.title for section in sections] == [SENT_ONCE, "Anna", "Ben", "This computer"]
    ben = {row.label: (row.received.text, row.sent.text) for row in sections[2].rows}
    once = {row.label: (row.received.text, row.sent.text) for row in sections[0].rows}
    mesh = {
        row.label: (row.received.text, row.sent.text) for row in overview_sections([("", PEER)], None)[0].rows
    }
    assert ben["Picture"] == (mesh["Picture"][0], "")
    assert once["Picture"] == ("", mesh["Picture"][1])
    assert ben["Messages and files"] == mesh["Messages and files"], (
        "they go from one to the other in any case"
    )
    assert sections[-1].rows[0].received.text == "Via server"
    titles = [section.title for section in sections_for(PEER, None, topology)]
    assert "Picture (sent once, for everybody)" in titles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (units.bit_rate(0.0), "0 kbit/s"),
        (units.bit_rate(None), "–"),
        (units.byte_size(640), "640 B"),
        (units.byte_size(12_345), "12.3 kB"),
        (units.byte_size(4_200_000_000), "4.20 GB"),
        (units.milliseconds(0.42), "0.4 ms"),
        (units.milliseconds(1200.0), "1.20 s"),
        (units.milliseconds(None), "–"),
        (units.percent(0.0), "0 %"),
        (units.percent(12.3), "12 %"),
        (units.frame_size(0, 0), "–"),
        (units.count(1_234_567), "1\u202f234\u202f567"),
        (units.level(0.5), "50 %"),
    ],
)
def test_figures_as_people_read_them(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize(
    ("step", "reason", "text"),
    [
        ("", "", "–"),
        ("640 × 480, 30 fps", "", "640 × 480, 30 fps"),
        ("320 × 240, 15 fps", "network", "320 × 240, 15 fps (for the network)"),
        ("480 × 360, 30 fps", "cpu", "480 × 360, 30 fps (for the processor)"),
        ("Sound only", "setting", "Sound only (as set)"),
    ],
)
def test_what_is_sent_is_shown_with_its_reason(step: str, reason: str, text: str) -> None:
    computer = sections_for(PEER, LocalStats(quality_step=step, quality_reason=reason))[-1]
    assert next(row.received.text for row in computer.rows if row.label == "Quality sent") == text


@pytest.mark.parametrize(
    ("exceptions", "text"),
    [
        ({}, "–"),
        ({"320 × 240, 30 fps": 1}, "320 × 240, 30 fps (1 person)"),
        (
            {"320 × 240, 30 fps": 2, "Sound only": 1},
            "320 × 240, 30 fps (2 people); Sound only (1 person)",
        ),
    ],
)
def test_what_slower_connections_get_is_shown_beside_it(exceptions: dict[str, int], text: str) -> None:
    computer = sections_for(PEER, LocalStats(quality_exceptions=exceptions))[-1]
    assert next(row.received.text for row in computer.rows if row.label == "To slower connections") == text


def test_a_shared_screen_has_rows_of_its_own_by_whichever_line_it_comes() -> None:
    screen = InboundVideoStats(kbps=450.0, frame_width=1280, frame_height=720)
    for peer, topology in (
        (dataclasses.replace(PEER, inbound_video=screen, video_is_screen=True), None),
        (dataclasses.replace(PEER, inbound_screen=screen), TopologyChanged("sfu", "participants")),
    ):
        sections = sections_for(peer, None, topology)
        (shared,) = (each for each in sections if each.title.startswith("Shared screen"))
        figures = {row.label: row.received.text for row in shared.rows}
        assert (figures["Bit rate"], figures["Frame size"]) == ("450 kbit/s", "1280 × 720")
        assert "Freezes" not in figures, "what stands still is none"
        picture = {row.label: row.received.text for row in sections[1].rows}
        assert picture["Bit rate"] == (units.UNKNOWN if peer.video_is_screen else "812 kbit/s")
        anna = overview_sections([("Anna", peer)], None, topology)[-2]
        short = {row.label: row.received.text for row in anna.rows}
        assert (short["Shared screen"], short["Screen size"]) == ("450 kbit/s", "1280 × 720")
        assert short["Picture"] == picture["Bit rate"]


def test_our_screen_stands_beside_what_is_sent_once() -> None:
    peer = dataclasses.replace(PEER, outbound_screen=OutboundVideoStats(kbps=700.0))
    sections = overview_sections([("Anna", peer)], None, TopologyChanged("sfu", "participants"))
    once, anna = ({row.label: row.sent.text for row in section.rows} for section in sections[:2])
    assert once["Shared screen"] == "700 kbit/s"
    assert "Shared screen" not in anna
