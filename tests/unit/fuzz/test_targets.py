"""Seeds, corpus and a few mutations of each target; the long run is `python -m tests.bench.fuzz`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz import mutation
from tests.fuzz.targets import TARGETS, Target

CORPUS = Path(__file__).parents[2] / "fuzz" / "corpus"
MUTATIONS = 400

pytestmark = pytest.mark.expected_warnings(r".*settings.*", r".*broken.*")


def corpus(target: Target) -> list[bytes]:
    """The inputs that are kept."""
    return [path.read_bytes() for path in sorted((CORPUS / target.name).glob("*"))]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_hostile_input_does_no_harm(target: Target) -> None:
    seeds = target.seeds() + corpus(target)
    assert seeds
    for data in islice(mutation.inputs(seeds, seed=1), len(seeds) + MUTATIONS):
        target.feed(data)


def test_every_folder_of_the_corpus_belongs_to_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)
