"""What one participant tells another of the pictures between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.call.picture_signal import picture_sent, picture_signal
from desktop_app.rtc.negotiation import parse_signal

if TYPE_CHECKING:
    from desktop_app.protocol.json_value import JsonValue


@pytest.mark.parametrize("sent", [True, False])
def test_what_is_said_is_understood_and_is_not_about_negotiation(sent: bool) -> None:
    assert picture_sent(picture_signal(sent)) is sent
    assert parse_signal(picture_signal(sent)) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        "picture",
        [],
        {},
        {"type": "picture"},
        {"type": "picture", "sent": 0},
        {"type": "picture", "sent": "false"},
        {"type": "offer", "sdp": "v=0", "sent": False},
    ],
)
def test_everything_else_says_nothing_about_pictures(data: JsonValue) -> None:
    assert picture_sent(data) is None
