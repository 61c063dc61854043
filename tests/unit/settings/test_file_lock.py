"""The lock between processes excludes others, and a holder that hangs does not hang the rest."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from desktop_app.settings.file_lock import file_lock

if TYPE_CHECKING:
    from pathlib import Path

fcntl = pytest.importorskip("fcntl")


def test_second_holder_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with file_lock(tmp_path / "lock", patience_s=30):
            order.append("second")

    thread = threading.Thread(target=second)
    with file_lock(tmp_path / "lock"):
        thread.start()
        assert entered.wait(10)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


@pytest.mark.expected_warnings("is held by another process")
def test_patience_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with file_lock(tmp_path / "lock"), file_lock(tmp_path / "lock", patience_s=0):
        assert "is held by another process" in caplog.text


def test_lock_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), file_lock(tmp_path / "missing" / "lock"):
        pass
