"""What the ELF files of a folder ask the dynamic loader for, by `objdump -p` of binutils."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILES_AT_ONCE = 100
_MAGIC = b"\x7fELF"


@dataclass(frozen=True)
class Elf:
    """One program or library."""

    path: Path
    needed: frozenset[str]
    """The NEEDED entries: libraries without which it does not load."""
    versions: dict[str, frozenset[str]] = field(default_factory=dict)
    """Library -> the symbol versions that are wanted of it, such as GLIBC_2.34."""


def is_elf(path: Path) -> bool:
    """Whether `path` is a regular file that begins like an ELF file."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def scan(folder: Path) -> list[Elf]:
    """All ELF files below `folder`, in the order of their paths.

    Raises:
        FileNotFoundError: there is no objdump.
        subprocess.CalledProcessError: objdump cannot read one of them.
    """
    paths = [path for path in sorted(folder.rglob("*")) if is_elf(path)]
    found: list[Elf] = []
    for start in range(0, len(paths), FILES_AT_ONCE):
        found += _read(paths[start : start + FILES_AT_ONCE])
    return found


def newest(elves: Iterable[Elf], prefix: str) -> tuple[int, ...] | None:
    """The newest symbol version that begins with `prefix` (`GLIBC_`), as numbers; None when nobody asks for one."""
    numbers = [
        tuple(int(part) for part in name.removeprefix(prefix).split("."))
        for elf in elves
        for names in elf.versions.values()
        for name in names
        if re.fullmatch(re.escape(prefix) + r"\d+(\.\d+)*", name)
    ]
    return max(numbers, default=None)


def _read(paths: list[Path]) -> list[Elf]:
    done = subprocess.run(
        ["objdump", "-p", "--", *map(str, paths)],
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"},
    )
    # "PATH:     file format elf64-x86-64" begins each file.
    parts = re.split(r"^(.*):\s+file format elf.*$", done.stdout, flags=re.MULTILINE)[1:]
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    return [_parse(path, texts[str(path)]) for path in paths]


def _parse(path: Path, text: str) -> Elf:
    needed = frozenset(re.findall(r"^\s+NEEDED\s+(\S+)", text, flags=re.MULTILINE))
    _, _, references = text.partition("Version References:")
    versions: dict[str, frozenset[str]] = {}
    library = ""
    for line in references.splitlines():
        if match := re.match(r"\s+required from (\S+):", line):
            library = match[1]
        elif library and (match := re.match(r"\s+0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)", line)):
            versions[library] = versions.get(library, frozenset()) | {match[1]}
    return Elf(path, needed, versions)
