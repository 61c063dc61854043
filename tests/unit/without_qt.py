"""A pytest plugin that proves that the unit tests need no Qt: with it, nothing of Qt can be imported.

    python -m pytest -p no:pytest-qt -p tests.unit.without_qt tests/unit

It works on the whole process, so the GUI tests run in another one.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

QT_PACKAGES = frozenset({"PySide6", "shiboken6", "qasync", "pyqtgraph", "pytestqt"})


class QtBlocker(MetaPathFinder):
    """Makes Qt look as if it were not installed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse Qt; say nothing about the rest."""
        if name.partition(".")[0] in QT_PACKAGES:
            raise ModuleNotFoundError(f"No module named {name!r} (unit tests run without Qt)", name=name)
        return None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the settings of pytest-qt, which is not there to declare them."""
    parser.addini("qt_api", "of pytest-qt, without effect here")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run where the block comes too late to prove anything."""
    already = sorted(QT_PACKAGES & set(sys.modules))
    if already:
        raise pytest.UsageError(f"imported before the block: {', '.join(already)}; add -p no:pytest-qt")


def pytest_report_header() -> str:
    """Show in the output that the block is there."""
    return f"without Qt: {', '.join(sorted(QT_PACKAGES))} cannot be imported"


sys.meta_path.insert(0, QtBlocker())
