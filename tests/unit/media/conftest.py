"""Shorter pauses, so that the tests of retries do not spend their time waiting."""

from __future__ import annotations

import pytest

from desktop_app.media import audio_thread, video_thread


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again after a fifth of the usual time."""
    monkeypatch.setattr(video_thread, "RETRY_S", 0.2)
    monkeypatch.setattr(video_thread, "PLACEHOLDER_INTERVAL_S", 0.1)
    monkeypatch.setattr(audio_thread, "RETRY_S", 0.2)
