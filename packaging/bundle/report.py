"""What is in the frozen tree, largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bundle import INTERNAL

if TYPE_CHECKING:
    from pathlib import Path

MAX_UNPACKED_BYTES, MAX_PACKED_BYTES = 220_000_000, 90_000_000
"""What we aim at; the report says where a build is over it."""
_SHORT = 12
_FILES = 60


def sizes(tree: Path) -> dict[str, int]:
    """Bytes of each file of `tree`, by its place in it, largest first; links count nothing."""
    files = (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    found = {path.relative_to(tree).as_posix(): path.stat().st_size for path in files}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def parts(files: dict[str, int]) -> dict[str, int]:
    """The same by part: what is directly in the tree by its name, what is below _internal by its first folder."""
    found: dict[str, int] = {}
    for place, size in files.items():
        names = place.split("/")
        part = names[0] if names[0] != INTERNAL else names[1]
        found[part] = found.get(part, 0) + size
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _lines(found: dict[str, int], most: int) -> list[str]:
    return [f"{size / 1e6:9.2f} MB  {name}" for name, size in list(found.items())[:most]]


def _against(what: str, size: int, aim: int) -> str:
    verdict = "within" if size <= aim else "over"
    return f"{what}: {size / 1e6:.1f} MB, {verdict} the aim of {aim / 1e6:.0f} MB"


def write(tree: Path, packed: Path | None, out: Path) -> str:
    """Write the whole report to the file `out`; returns the short one.

    Args:
        tree: the frozen tree.
        packed: the portable archive of it, if it was made.
        out: the file.
    """
    files = sizes(tree)
    by_part = parts(files)
    total = sum(files.values())
    head = [f"{len(files)} files", _against("Unpacked", total, MAX_UNPACKED_BYTES)]
    if packed is not None:
        head.append(_against(f"Packed ({packed.name})", packed.stat().st_size, MAX_PACKED_BYTES))
    text = [
        *head,
        "",
        "By part:",
        *_lines(by_part, len(by_part)),
        "",
        "The largest files:",
        *_lines(files, _FILES),
    ]
    out.write_text("\n".join(text) + "\n", encoding="utf-8", newline="\n")
    return "\n".join([*head, *_lines(by_part, _SHORT)])
