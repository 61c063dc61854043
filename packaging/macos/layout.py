"""Where each file of the frozen tree's _internal goes in a macOS application bundle.

codesign wants code in Contents/Frameworks and everything else in Contents/Resources, and no dot in the name of a
folder of code; Python packages mix both and have such names. So each file goes where it belongs, and links make both
folders look complete. The rules are those of PyInstaller's BUNDLE (PyInstaller/building/osx.py, the comment above
_process_bundle_toc), whose programs look for their files in Contents/Frameworks; BUNDLE itself cannot be
used here, for it does not see what is taken out of the tree after it was collected.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FRAMEWORKS = PurePosixPath("Contents/Frameworks")
RESOURCES = PurePosixPath("Contents/Resources")
DOT = "__dot__"
_TOP = PurePosixPath(".")


class Kind(Enum):
    """What a file of the tree is."""

    CODE = "code"
    DATA = "data"
    LINK = "link"


class _Folder(Enum):
    CODE = "code"
    DATA = "data"
    MIXED = "mixed"
    FRAMEWORK = "framework"


@dataclass(frozen=True, slots=True)
class Plan:
    """Paths in the bundle: of which file of the tree, or where a link points to."""

    files: Mapping[PurePosixPath, PurePosixPath]
    links: Mapping[PurePosixPath, str]


def plan(entries: Mapping[PurePosixPath, tuple[Kind, str]]) -> Plan:
    """The bundle of `entries`: path in _internal -> what it is, and of a link its (relative) target."""
    folders = _classify({path: kind for path, (kind, _) in entries.items()})
    files: dict[PurePosixPath, PurePosixPath] = {}
    links: dict[PurePosixPath, str] = {}

    def link(at: PurePosixPath, to: PurePosixPath) -> None:
        at, to = _without_dots(at), _without_dots(to)
        links[at] = os.path.relpath(to, at.parent).replace(os.sep, "/")

    for folder, content in folders.items():
        if content is not _Folder.MIXED and _is_shared(folder.parent, folders):
            here, there = (RESOURCES, FRAMEWORKS) if content is _Folder.DATA else (FRAMEWORKS, RESOURCES)
            link(there / folder, here / folder)
        if "." in folder.name and content in (_Folder.CODE, _Folder.MIXED):
            links[_without_dots(FRAMEWORKS / folder)] = folder.name.replace(".", DOT)
    for path, (kind, target) in entries.items():
        framework = _framework(path)
        if framework is not None:
            place = _without_dots(FRAMEWORKS / framework.parent / "x").parent / path.relative_to(
                framework.parent
            )
            if kind is Kind.LINK:
                links[place] = target
            else:
                files[place] = path
        elif kind is Kind.LINK:
            if _is_shared(path.parent, folders):
                links[_without_dots(FRAMEWORKS / path)] = target
                links[RESOURCES / path] = target
            else:
                here = RESOURCES if folders[path.parent] is _Folder.DATA else FRAMEWORKS
                links[_without_dots(here / path)] = target
        else:
            here, there = (FRAMEWORKS, RESOURCES) if kind is Kind.CODE else (RESOURCES, FRAMEWORKS)
            files[_without_dots(here / path)] = path
            if _is_shared(path.parent, folders):
                link(there / path, here / path)
    return Plan(dict(sorted(files.items())), dict(sorted(links.items())))


def _classify(kinds: Mapping[PurePosixPath, Kind]) -> dict[PurePosixPath, _Folder]:
    found: dict[PurePosixPath, set[Kind]] = {}
    frameworks = set()
    for path, kind in kinds.items():
        framework = _framework(path)
        if framework is not None:
            frameworks.add(framework)
        inside = path if framework is None else framework
        for folder in inside.parents:
            if folder != _TOP:
                found.setdefault(folder, set()).add(kind if framework is None else Kind.CODE)
    result = dict.fromkeys(frameworks, _Folder.FRAMEWORK)
    for folder, inside_kinds in found.items():
        if {Kind.CODE, Kind.DATA} <= inside_kinds:
            result[folder] = _Folder.MIXED
        else:
            result[folder] = _Folder.CODE if Kind.CODE in inside_kinds else _Folder.DATA
    return dict(sorted(result.items()))


def _is_shared(folder: PurePosixPath, folders: Mapping[PurePosixPath, _Folder]) -> bool:
    """Whether `folder` is a real one on both sides, so that what is in it must be linked one by one."""
    return folder == _TOP or folders.get(folder) is _Folder.MIXED


def _framework(path: PurePosixPath) -> PurePosixPath | None:
    """The outermost .framework that `path` is in."""
    for parent in reversed(path.parents):
        if parent.suffix == ".framework":
            return parent
    return None


def _without_dots(path: PurePosixPath) -> PurePosixPath:
    """`path` of the bundle, with the folders of Frameworks by the names that they have there."""
    if path.parts[:2] != FRAMEWORKS.parts:
        return path
    inside = path.relative_to(FRAMEWORKS)
    return FRAMEWORKS.joinpath(*(part.replace(".", DOT) for part in inside.parts[:-1]), inside.name)
