"""Who is who after the server was away: compares what we have with what a welcome says. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desktop_app.protocol.messages import ParticipantInfo


@dataclass(slots=True)
class Reentry:
    """What to do with whom."""

    kept: list[ParticipantInfo] = field(default_factory=list)
    """The same call goes on: with what we have of them."""
    added: list[ParticipantInfo] = field(default_factory=list)
    """Somebody new; what we have under the same name, if anything, is somebody else's."""
    removed: list[str] = field(default_factory=list)
    """They are not there any more, or somebody else is under their name."""
    missing: list[str] = field(default_factory=list)
    """They may still look for the server."""


def is_same_call(known: ParticipantInfo, now: ParticipantInfo, *, resumed: bool) -> bool:
    """Whether what we have of `known` is of the one who is there now.

    Who names no instance may have gone and come while we were away; a place that was kept for us says that the
    server was there all the time, and a connection that is dead is made anew anyhow.
    """
    if known.instance or now.instance:
        return known.instance == now.instance
    return resumed


def compare(
    known: Mapping[str, ParticipantInfo], there: Iterable[ParticipantInfo], *, resumed: bool
) -> Reentry:
    """Compare whom we know with who is there; after a join that is not `resumed` the room may be filling again."""
    result = Reentry()
    found: set[str] = set()
    for info in there:
        found.add(info.user_id)
        before = known.get(info.user_id)
        if before is not None and is_same_call(before, info, resumed=resumed):
            result.kept.append(info)
            continue
        if before is not None:
            result.removed.append(info.user_id)
        result.added.append(info)
    (result.removed if resumed else result.missing).extend(user for user in known if user not in found)
    return result
