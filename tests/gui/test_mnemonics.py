"""Alt-key letters of generated forms."""

from __future__ import annotations

import pytest

from desktop_app.ui.mnemonics import with_mnemonics


@pytest.mark.parametrize(
    ("labels", "taken", "expected"),
    [
        (["Camera", "Colours"], "", ["&Camera", "C&olours"]),
        (["Camera"], "c", ["C&amera"]),
        (["Picture size", "Port speed", "Play"], "", ["&Picture size", "Port &speed", "P&lay"]),
        (["A & B", "Q&A"], "", ["&A && B", "&Q&&A"]),
        (["Ж", ""], "", ["Ж", ""]),
        (["aa", "aA"], "", ["&aa", "aA"]),
    ],
)
def test_letters(labels: list[str], taken: str, expected: list[str]) -> None:
    assert with_mnemonics(labels, taken) == expected
