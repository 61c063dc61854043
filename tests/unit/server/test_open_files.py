"""The limit of open files."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.open_files import SPARE, allow_connections

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hard() -> Iterator[int]:
    """A low soft limit for the test, and the hard one."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("hard")
def test_the_limit_is_raised_as_far_as_needed() -> None:
    allow_connections(1000)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 1000 + SPARE
    allow_connections(10)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 1000 + SPARE


@pytest.mark.expected_warnings("2000000000 connections need")
def test_what_is_not_allowed_is_said(hard: int) -> None:
    if hard == resource.RLIM_INFINITY:
        hard = 2_000_000_000 + SPARE
    allow_connections(2_000_000_000)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] in (512, hard)
