"""Every reason of the protocol has words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import TopologyChanged
from desktop_app.ui.topology_words import NO_SFU, no_sfu_sentence, route_sentences, route_text

if TYPE_CHECKING:
    from desktop_app.protocol.topology import Mode

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "sfu.md"
PLAIN = {"joined", "failed"}
"""The first is how it is for whoever comes; after the second all is as it was."""


def documented_reasons() -> list[str]:
    table = DOCUMENT.read_text().partition("| reason | meaning |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)


@pytest.mark.parametrize("reason", documented_reasons())
def test_a_reason_says_something_of_its_own(reason: str) -> None:
    modes: tuple[Mode, ...] = ("mesh", "sfu")
    for mode in modes:
        plain = route_sentences(TopologyChanged(mode, "never heard of"))
        said = route_sentences(TopologyChanged(mode, reason))
        assert said.startswith(plain)
        assert (said == plain) == (reason in PLAIN)


def test_all_reasons_were_found() -> None:
    assert {*PLAIN, NO_SFU, "participants"} <= set(documented_reasons())


def test_directly_or_not() -> None:
    assert route_text(TopologyChanged("mesh", "joined")) == "Direct"
    assert route_text(TopologyChanged("sfu", "joined")) == "Via server"
    assert " 6 people" in no_sfu_sentence(6)
