"""Follows what the server says about the topology. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_app.protocol.topology import Mode, Topology


class Step(Enum):
    """What there is to do."""

    NOTHING = auto()
    PREPARE = auto()
    """Bring `coming` up beside `mode`; both may be SFUs."""
    COMMIT = auto()
    """`mode` is another one than before, or begins anew: leave everything else."""
    ABORT = auto()
    """Leave what was coming; `mode` stands."""


@dataclass(frozen=True, slots=True)
class Known:
    """How media travels, and how it shall."""

    epoch: int = 0
    mode: Mode = "mesh"
    coming: Mode | None = None
    mesh_limit: int = 8


def first(welcome: Topology) -> Known:
    """How the room is for somebody who comes."""
    if welcome.phase == "commit":
        return Known(welcome.epoch, welcome.mode, None, welcome.mesh_limit)
    before: Mode = "mesh" if welcome.mode == "sfu" else "sfu"
    coming = welcome.mode if welcome.phase == "prepare" else None
    return Known(welcome.epoch, before, coming, welcome.mesh_limit)


def follow(known: Known, said: Topology) -> tuple[Known, Step]:
    """What is known after a message, and what follows from it; one of an older epoch is late, and says nothing."""
    if said.epoch < known.epoch:
        return known, Step.NOTHING
    is_new = said.epoch > known.epoch
    if said.phase == "prepare":
        return Known(said.epoch, known.mode, said.mode, said.mesh_limit), Step.PREPARE
    if said.phase == "abort":
        after = Known(said.epoch, known.mode, None, said.mesh_limit)
        return after, Step.NOTHING if known.coming is None else Step.ABORT
    after = Known(said.epoch, said.mode, None, said.mesh_limit)
    is_change = said.mode != known.mode or known.coming is not None or (is_new and said.mode == "sfu")
    return after, Step.COMMIT if is_change else Step.NOTHING
