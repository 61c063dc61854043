"""Who answers for somebody, and when that is worth a warning."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktop_app.call import safety
from desktop_app.call.safety import SafetyCodes
from desktop_app.rtc.patience import Patience

if TYPE_CHECKING:
    from desktop_app.call.events import SafetyCodeChanged

OURS, BEN, MALLORY = b"our certificate", b"ben's", b"mallory's"


@pytest.mark.expected_warnings("desktop_app.call.safety")
async def test_a_leave_in_between_does_not_hide_another_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "CALM_S", (0.0, 0.01))
    monkeypatch.setattr(safety, "safety_words", lambda _ours, theirs: (theirs.decode(),) * 4)
    told: asyncio.Queue[SafetyCodeChanged] = asyncio.Queue()
    codes = SafetyCodes(told.put_nowait, Patience())

    async def other(theirs: bytes, instance: str) -> bool:
        codes.connected("ben", (OURS, theirs), instance=instance)
        event = await asyncio.wait_for(told.get(), 10)
        assert event.words == (theirs.decode(),) * 4
        return event.is_other

    assert not await other(BEN, "one")
    codes.gone("ben")
    assert await other(MALLORY, "one")  # the server said that he left, and that he came again: it was not he
    codes.gone("ben")
    assert not await other(BEN, "one")
    codes.gone("ben")
    assert not await other(MALLORY, "two")  # another stay, of whomever
    codes.gone("ben")
    assert not await other(MALLORY, "")
    codes.gone("ben")
    assert not await other(BEN, "")
    await codes.close()
