"""Compare two builds: python packaging/bundle/compare.py ONE OTHER

Both are folders (a frozen tree, or dist/) or files (an archive, which is read with tar). Prints which files are in one
alone and which differ, with the first byte that does. Exit status 0: the same bytes; 1: the same files, but some
differ; 2: not the same files.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import tempfile
from pathlib import Path


def listing(folder: Path) -> dict[str, str]:
    """Every entry of `folder` by its place: what a link points to, and the mode where the system has one."""
    found = {}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[place] = f"link to {path.readlink()}"
        else:
            mode = path.stat().st_mode & 0o777
            found[place] = f"folder {mode:o}" if path.is_dir() else f"file {mode:o}"
    return found


def first_difference(one: Path, other: Path) -> int | None:
    """The offset of the first byte that differs, None when there is none."""
    left, right = one.read_bytes(), other.read_bytes()
    if left == right:
        return None
    shorter = min(len(left), len(right))
    return next((at for at in range(shorter) if left[at] != right[at]), shorter)


def differences(one: Path, other: Path) -> tuple[list[str], list[str]]:
    """Of two folders: which entries are not in both or of another kind, and which files have other bytes."""
    left, right = listing(one), listing(other)
    entries = [
        f"{place}: {left.get(place)} | {right.get(place)}"
        for place in sorted({*left, *right})
        if left.get(place) != right.get(place)
    ]
    contents = []
    for place, kind in left.items():
        if kind.startswith("file") and right.get(place) == kind:
            at = first_difference(one / place, other / place)
            if at is not None:
                sizes = (one / place).stat().st_size, (other / place).stat().st_size
                contents.append(f"{place}: from byte {at} on, sizes {sizes[0]} and {sizes[1]}")
    return entries, contents


def _folder(path: Path, work: Path) -> Path:
    if path.is_dir():
        return path
    with tarfile.open(path) as archive:
        archive.extractall(work, filter="fully_trusted")
    return work


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        one, other = _folder(arguments.one, Path(first)), _folder(arguments.other, Path(second))
        entries, contents = differences(one, other)
        total = len(listing(one))
    lines = [
        *entries,
        *contents,
        f"{total} entries, {len(entries)} not the same, {len(contents)} with other bytes",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 2 if entries else 1 if contents else 0


if __name__ == "__main__":
    sys.exit(main())
