"""What several files of this folder start anew for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    """A real one of one's own; `needs_program("redis-server")` belongs to the test."""
    async with RedisServer() as server:
        yield server
