"""From the person's settings to what the call takes."""

from __future__ import annotations

import pytest

from desktop_app.engine.configure import media_config
from desktop_app.settings.schema import Settings


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("echo_cancellation", "echo_cancellation"),
        ("noise_suppression", "noise_suppression"),
        ("automatic_gain", "automatic_gain"),
        ("silence_saving", "dtx"),
    ],
)
@pytest.mark.parametrize("on", [False, True])
def test_every_switch_of_the_sound_arrives(setting: str, field: str, on: bool) -> None:
    assert getattr(media_config(Settings().replace(**{setting: on})), field) == on
