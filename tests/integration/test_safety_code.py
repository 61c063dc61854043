"""The safety code is the same at both ends, and different when somebody who owns the server sits in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.rtc.safety_code import word_list
from tests.end2end.processes import BotProcess, ServerProcess

from .man_in_the_middle import man_in_the_middle

if TYPE_CHECKING:
    from pathlib import Path


async def words_of(folder: Path, url: str, room: str) -> tuple[list[str], list[str]]:
    """What Ann and Ben see of each other."""
    ann, ben = (
        BotProcess(folder, f"{name}-{room}", url, room, camera="none", microphone="none")
        for name in ("ann", "ben")
    )
    async with ann, ben:
        codes = [await bot.wait_for_event("safety-code") for bot in (ann, ben)]
        assert not any(code["other"] for code in codes)
        return codes[0]["words"], codes[1]["words"]


@pytest.mark.expected_warnings("aioice", "aiortc", "desktop_app.rtc")
async def test_somebody_between_the_two_shows_in_the_words(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:
        ann, ben = await words_of(tmp_path, server.url, "honest")
        assert ann == ben
        assert len(ann) == 4
        assert set(ann) <= set(word_list())
        async with man_in_the_middle(server.url) as mallory:
            ann, ben = await words_of(tmp_path, mallory.url, "cheated")
            assert mallory.rewritten > 0
            assert ann != ben
            assert len(ann) == len(ben) == 4
