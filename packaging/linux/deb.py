"""Make the Debian package: the frozen tree in /usr/lib/bridgecall, links in /usr/bin, and what a desktop reads.

dpkg-deb writes it. One commit gives the same bytes: all times are that of SOURCE_DATE_EPOCH, files belong to root, and
xz has one thread, since with several its output would depend on their number. There are no maintainer scripts: the
triggers of desktop-file-utils and of the icon theme see to their caches, and removal leaves nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linux import changelog, copyright_file, depends, icons, metainfo, runpath
from linux.elf import is_elf

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PROGRAMS = ("bridgecall", "bridgecall-bot", "bridgecall-server")
MAINTAINER = "The Bridgecall authors <bridgecall@packages.invalid>"
COMPRESSION = ("--threads-max=1", "-Zxz")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
REVISION = 1
"""Of the packaging of one version (Debian policy 5.6.12)."""

RECOMMENDS = (
    "libgl1-mesa-dri",
    "pipewire-pulse | pulseaudio",
    "gnome-keyring | org.freedesktop.secrets",
    "xdg-utils",
)
DESCRIPTION = """\
video calls for two people or for many
 A window for video calls: start one and send its link, or open a link that
 somebody sent. Sound and picture go straight from one participant to the
 other, encrypted. There are chat, files, a whiteboard and shared screens.
 .
 The package also has bridgecall-server, which introduces participants to each
 other and serves a page for guests who have only a browser, and
 bridgecall-bot, a participant without a window for tests and monitoring."""


def make(tree: Path, out: Path, version: str, epoch: int) -> Path:
    """Make the package of the frozen `tree` in the folder `out`, or as the file `out` if that ends in .deb.

    `epoch` is the time of everything in it, in seconds. Returns the package's path.

    Raises:
        depends.UnknownLibraryError: the tree needs a library of which nobody knows the package.
        subprocess.CalledProcessError: dpkg-deb failed; it has said why.
    """
    architecture = _output("dpkg", "--print-architecture")
    debian_version = f"{_debian_version(version)}-{REVISION}"
    package = out if out.suffix == ".deb" else out / f"bridgecall_{debian_version}_{architecture}.deb"
    package.parent.mkdir(parents=True, exist_ok=True)
    needs = depends.needs(tree)
    with tempfile.TemporaryDirectory(prefix="bridgecall-deb-") as folder:
        root = Path(folder) / "root"
        library = root / "usr/lib/bridgecall"
        _copy_tree(tree, library, needs.left_to_debian)
        _add_links(root)
        _add_desktop(root, version, epoch)
        _add_documentation(root, version, debian_version, epoch)
        _set_modes(root)
        control = root / "DEBIAN"
        control.mkdir(mode=0o755)
        (control / "md5sums").write_text("".join(_md5sums(root)), encoding="utf-8")
        (control / "control").write_text(
            _control(debian_version, architecture, _installed_kib(root), needs.relations), encoding="utf-8"
        )
        for file in control.iterdir():
            file.chmod(0o644)
        for path in [root, *root.rglob("*")]:
            os.utime(path, (epoch, epoch), follow_symlinks=False)
        made = Path(folder) / package.name  # a build that is interrupted leaves no half of a package
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", *COMPRESSION, "--build", str(root), str(made)],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C.UTF-8"},
        )
        shutil.move(made, package)
    return package


def _debian_version(version: str) -> str:
    """PEP 440 -> Debian: 1.0rc1 and 1.0.dev3 come before 1.0 there, which takes a tilde (policy 5.6.12)."""
    return re.sub(r"\.?(a|b|rc|dev)(\d+)", r"~\1\2", version)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _copy_tree(tree: Path, library: Path, left_out: frozenset[Path]) -> None:
    """Copy all but `left_out`, the links to those, and folders that are empty then."""
    gone = {path.resolve() for path in left_out}
    for source in sorted(tree.rglob("*")):
        if source.resolve() in gone or "__pycache__" in source.parts or _is_folder(source):
            continue
        target = library / source.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
        if is_elf(target):
            runpath.remove_absolute(target)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _add_links(root: Path) -> None:
    (root / "usr/bin").mkdir(parents=True)
    for program in PROGRAMS:
        (root / "usr/bin" / program).symlink_to(f"../lib/bridgecall/{program}")


def _add_desktop(root: Path, version: str, epoch: int) -> None:
    share = root / "usr/share"
    icons.hicolor(share / "icons/hicolor")
    (share / "applications").mkdir()
    shutil.copy(HERE / f"{icons.APP_ID}.desktop", share / "applications")
    (share / "metainfo").mkdir()
    (share / "metainfo" / f"{icons.APP_ID}.metainfo.xml").write_text(
        metainfo.render(version, epoch), encoding="utf-8"
    )


def _add_documentation(root: Path, version: str, debian_version: str, epoch: int) -> None:
    documents = root / "usr/share/doc/bridgecall"
    documents.mkdir(parents=True)
    (documents / "copyright").write_text(copyright_file.render(root / "usr/lib/bridgecall"), encoding="utf-8")
    if (root / "usr/lib/bridgecall" / copyright_file.LICENCES).is_dir():
        (documents / "licenses").symlink_to(f"../../../lib/bridgecall/{copyright_file.LICENCES}")
    _gzip(documents / "changelog.gz", changelog.FILE.read_text(encoding="utf-8"))
    _gzip(documents / "changelog.Debian.gz", _debian_changelog(version, debian_version, epoch))
    pages = root / "usr/share/man/man1"
    pages.mkdir(parents=True)
    day = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    for program in PROGRAMS:
        text = (HERE / "man" / f"{program}.1").read_text(encoding="utf-8")
        _gzip(pages / f"{program}.1.gz", text.replace("@DATE@", day).replace("@VERSION@", version))
    overrides = root / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    shutil.copy(HERE / "lintian-overrides", overrides / "bridgecall")


def _debian_changelog(version: str, debian_version: str, epoch: int) -> str:
    """In the format of policy 4.4; English names of days and months whatever the machine's language is."""
    moment = datetime.fromtimestamp(epoch, UTC)
    day = DAYS[moment.weekday()]
    month = MONTHS[moment.month - 1]
    date = f"{day}, {moment.day:02} {month} {moment:%Y %H:%M:%S} +0000"
    return (
        f"bridgecall ({debian_version}) unstable; urgency=medium\n\n"
        f"  * Bridgecall {version}. What is new is in changelog.gz.\n\n -- {MAINTAINER}  {date}\n"
    )


def _gzip(path: Path, text: str) -> None:
    """As gzip -9n: without a name and a time."""
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _set_modes(root: Path) -> None:
    """Policy 10.9: 0755 for folders and programs, 0644 for the rest, libraries included (10.2)."""
    for path in [root, *root.rglob("*")]:
        if path.is_symlink():
            continue
        is_program = path.is_dir() or (is_elf(path) and ".so" not in path.name)
        path.chmod(0o755 if is_program else 0o644)


def _md5sums(root: Path) -> Iterator[str]:
    for path in sorted((root / "usr").rglob("*")):
        if path.is_file() and not path.is_symlink():
            digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            yield f"{digest}  {path.relative_to(root)}\n"


def _installed_kib(root: Path) -> int:
    """Installed-Size in KiB: files rounded up, 1 for each other entry (policy 5.6.20, deb-substvars(5))."""
    return sum(
        -(-path.stat().st_size // 1024) if path.is_file() and not path.is_symlink() else 1
        for path in [root / "usr", *(root / "usr").rglob("*")]
    )


def _control(version: str, architecture: str, size_kib: int, relations: list[str]) -> str:
    fields = {
        "Package": "bridgecall",
        "Version": version,
        "Architecture": architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size_kib),
        "Depends": ", ".join(relations),
        "Recommends": ", ".join(RECOMMENDS),
        "Section": "net",
        "Priority": "optional",
        "Description": DESCRIPTION,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())
