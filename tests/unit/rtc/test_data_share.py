"""What data may take beside pictures."""

from __future__ import annotations

from desktop_app.rtc.data_share import CONTENT, MOST_KBPS, SHARE, SHORT, DataShare


def test_data_waits_until_pictures_have_what_they_have_a_use_for() -> None:
    share = DataShare()
    assert share.update(500.0, 1000.0) == SHARE * 500.0
    assert share.update(CONTENT * 1000.0, 1000.0) == MOST_KBPS
    # A little less is no reason to stop at once,
    assert share.update(SHORT * 1000.0, 1000.0) == MOST_KBPS
    # much less is,
    assert share.update(SHORT * 1000.0 - 1, 1000.0) < 100
    # and to go on takes all of it.
    assert share.update(SHORT * 1000.0 + 1, 1000.0) < 100


def test_without_pictures_there_is_nobody_to_wait_for() -> None:
    assert DataShare().update(20.0, 0.0) == MOST_KBPS
