"""A file between two bots over a lossy link that is cut, while first the receiver and then the sender is killed.

`python -m tests.bench.files` does the same with 200 MB and a cut of 20 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.file_exchange import FileExchange

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.needs_netlab
async def test_it_is_whole_and_hardly_anything_was_sent_twice(tmp_path: Path) -> None:
    exchange = FileExchange(
        tmp_path,
        size_bytes=6_000_000,
        cut_s=2,
        killed=["receiver", "sender"],
        loss=1,
        delay=10,
        rate=16_000,
    )
    outcome = await exchange.run()
    assert outcome.is_whole
    assert outcome.left_over == []
    assert len(outcome.resumed_from) == 2
    assert outcome.states[-1] == "done"
    assert outcome.sent_twice_bytes <= 1_000_000
    assert outcome.received_bytes - outcome.size_bytes <= 300_000
