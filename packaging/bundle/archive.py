"""The portable tar.gz and the list of checksums, the same bytes for the same tree."""

from __future__ import annotations

import gzip
import hashlib
import platform
import sys
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHECKSUMS = "SHA256SUMS"
_COMPRESSION = 6
_CHUNK_BYTES = 1 << 20
_SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}


def name(version: str) -> str:
    """What the files of this platform are called, but for their endings."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return f"bridgecall-{version}-{_SYSTEMS.get(sys.platform, sys.platform)}-{machine}"


def make(tree: Path, out: Path, version: str, epoch: int) -> Path:
    """Pack `tree` into `out`/bridgecall-VERSION-SYSTEM-MACHINE.tar.gz, all in one folder, and return the file.

    Sorted by name, dated `epoch`, owned by 0:0, without the packing time in gzip's header (RFC 1952 2.3.1): the
    bytes depend on the tree alone.
    """
    folder = name(version)
    path = out / f"{folder}.tar.gz"

    def settled(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = epoch
        if entry.issym():
            entry.mode = 0o777
        return entry

    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", _COMPRESSION, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        archive.add(tree, folder, recursive=False, filter=settled)
        for entry in sorted(tree.rglob("*")):
            archive.add(
                entry, f"{folder}/{entry.relative_to(tree).as_posix()}", recursive=False, filter=settled
            )
    return path


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_CHUNK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def write_checksums(out: Path) -> Path:
    """Write the digests of all that lies in `out`, in the form that `sha256sum --check` reads."""
    path = out / CHECKSUMS
    files = sorted(entry for entry in out.iterdir() if entry.is_file() and entry.name != CHECKSUMS)
    lines = [f"{sha256(entry)}  {entry.name}\n" for entry in files]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    return path
