"""Makes Bridgecall.app of a frozen tree: its layout, Info.plist and icon, and on macOS its signature.

Off macOS the bundle is made without a signature, which shows that its layout is complete, not that it starts.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from bundle import INTERNAL, PROGRAMS, BuildError, icon_files
from macos import layout, macho, signing
from macos.layout import Kind

HERE = Path(__file__).resolve().parent
NAME = "Bridgecall.app"
ICON = icon_files.ICNS
OLDEST_MACOS = (13, 0)
"""What Qt 6.10 and 6.11 support (doc.qt.io, "Supported Platforms"); a library in the bundle may need a newer one."""


class BundleError(BuildError):
    """The bundle cannot be made; the text says why."""


def make(tree: Path, out: Path, version: str, epoch: int, *, icon: Path | None = None) -> Path:
    """Bridgecall.app of `tree` in the folder `out`; `epoch` is SOURCE_DATE_EPOCH, in seconds.

    `icon` is an .icns, the application's own if None.

    Raises:
        BundleError: `tree` is no frozen tree, or `version` none that macOS takes.
        signing.SigningError: codesign failed.
    """
    app = out / NAME
    shutil.rmtree(app, ignore_errors=True)
    contents = app / "Contents"
    programs = contents / "MacOS"
    programs.mkdir(parents=True)
    for name in PROGRAMS:
        if not (tree / name).is_file():
            raise BundleError(f"{tree} is no frozen tree of macOS: it has no {name}")
        _copy(tree / name, programs / name, is_code=True)
    entries = tree_entries(tree / INTERNAL)
    plan = layout.plan(entries)
    for place, source in plan.files.items():
        _copy(tree / INTERNAL / source, app / place, is_code=entries[source][0] is Kind.CODE)
    for place, target in plan.links.items():
        (app / place).parent.mkdir(parents=True, exist_ok=True)
        (app / place).symlink_to(target)
    _copy_others(tree, contents / "Resources")
    with tempfile.TemporaryDirectory(prefix="bridgecall-app-") as work:
        drawn = icon or icon_files.draw(Path(work)) / icon_files.ICNS
        _copy(drawn, contents / "Resources" / ICON, is_code=False)
    code = [app / place for place, source in plan.files.items() if entries[source][0] is Kind.CODE]
    oldest = max((macho.oldest_macos(path) or OLDEST_MACOS for path in code), default=OLDEST_MACOS)
    (contents / "Info.plist").write_bytes(plistlib.dumps(information(version, max(oldest, OLDEST_MACOS))))
    _date(app, epoch)
    if sys.platform == "darwin":
        signing.sign_app(app, code, [programs / name for name in PROGRAMS])
    return app


def information(version: str, oldest_macos: macho.Version = OLDEST_MACOS) -> dict[str, Any]:
    """The Info.plist.

    Raises:
        BundleError: `version` does not begin with numbers and dots.
    """
    digits = version[: len(version) - len(version.lstrip("0123456789."))].strip(".")
    if not digits or len(digits.split(".")) > 3 or ".." in digits:
        raise BundleError(f"{version!r} is not a version such as 1.2.3")
    table: dict[str, Any] = plistlib.loads((HERE / "Info.plist.in").read_bytes())
    # Three numbers and nothing else (Apple, "CFBundleVersion").
    return table | {
        "CFBundleShortVersionString": digits,
        "CFBundleVersion": digits,
        "LSMinimumSystemVersion": "{}.{}".format(*oldest_macos),
    }


def tree_entries(internal: Path) -> dict[PurePosixPath, tuple[Kind, str]]:
    """All files below `internal`, and its links with where they point to.

    Raises:
        BundleError: a link is absolute, so that it would point out of the bundle.
    """
    found = {}
    for folder, names, files in os.walk(internal):
        for name in sorted((*names, *files)):
            path = Path(folder, name)
            relative = PurePosixPath(path.relative_to(internal).as_posix())
            if path.is_symlink():
                target = os.readlink(path)
                if os.path.isabs(target):
                    raise BundleError(f"{path} is a link to {target}, which others do not have")
                found[relative] = (Kind.LINK, target)
            elif path.is_file():
                found[relative] = (Kind.CODE if macho.is_code(path) else Kind.DATA, "")
    return dict(sorted(found.items()))


def _copy_others(tree: Path, resources: Path) -> None:
    """What lies beside the programs: licences, the list of contents."""
    for path in sorted(tree.iterdir()):
        if path.name in (INTERNAL, *PROGRAMS):
            continue
        if path.is_dir():
            shutil.copytree(path, resources / path.name, symlinks=True)
        else:
            _copy(path, resources / path.name, is_code=False)


def _copy(source: Path, target: Path, *, is_code: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if is_code or os.access(source, os.X_OK) else 0o644)


def _date(app: Path, epoch: int) -> None:
    for folder, names, files in os.walk(app, topdown=False):
        for name in (*names, *files):
            if os.utime in os.supports_follow_symlinks:
                os.utime(Path(folder, name), (epoch, epoch), follow_symlinks=False)
    os.utime(app, (epoch, epoch))
