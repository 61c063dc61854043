"""Libraries that others are linked to and that nothing here calls: replaced by ones that only say no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE = "licenses/STAND-INS.txt"
TABLE_BYTES = 64
"""Enough zeros for the one table that is asked for: x264_levels ends with its first zero."""


@dataclass(frozen=True)
class StandIn:
    """A library whose symbols have no versions, and what to say instead of what it does."""

    library: str
    answer: int
    """What its functions return, so that whoever calls it takes it for an error: 0 where they return pointers."""
    why: str


STAND_INS = (
    StandIn("libx265-*", 0, "encodes H.265; no codec of a call"),
    StandIn("libx264-*", 0, "encodes H.264, under the GPL; calls are VP8, and files are only played"),
    StandIn("libSvtAv1Enc-*", -1, "encodes AV1; no codec of a call"),
    StandIn("libaom-*", -1, "AVIF pictures in OpenCV; no such pictures are sent"),
    StandIn("libopenblasp-*", -1, "linear algebra in OpenCV, which here scales and converts pictures alone"),
)

_HEAD = """\
These files are not the libraries that their names say, and have no code of theirs: bundle/elf_writer.py of
Bridgecall's source (MIT) wrote them. Others are linked to them, but call them for what Bridgecall does not do; they
answer every call with an error. Put the real library in the place of one, and what it does works again.

"""


def record(tree: Path, made: dict[Path, str]) -> None:
    """Write down in the tree which files stand in for others, each with the reason."""
    if made:
        path = tree / FILE
        path.parent.mkdir(exist_ok=True)
        lines = [f"{file.relative_to(tree).as_posix()}: {why}\n" for file, why in sorted(made.items())]
        path.write_text(_HEAD + "".join(lines), encoding="utf-8", newline="\n")


def recorded(tree: Path) -> frozenset[Path]:
    """Which files of the tree stand in for others."""
    try:
        text = (tree / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return frozenset()
    return frozenset(tree / line.partition(":")[0] for line in text.partition("\n\n")[2].splitlines())
