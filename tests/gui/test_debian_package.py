"""The Debian package of a small tree: its bytes, its files, and what lintian says. (Icons are drawn with Qt.)"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from linux import deb

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = 1_750_000_000
pytestmark = [pytest.mark.needs_program("dpkg-deb"), pytest.mark.needs_program("objdump")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three real programs, a file, a link, and something that no package may have."""
    folder = tmp_path_factory.mktemp("frozen") / "bridgecall"
    (folder / "_internal" / "__pycache__").mkdir(parents=True)
    (folder / "_internal" / "__pycache__" / "a.pyc").touch()
    for program in deb.PROGRAMS:
        shutil.copy("/bin/true", folder / program)
    data = folder / "_internal" / "data.txt"
    data.write_text("text\n")
    data.chmod(0o666)
    (folder / "_internal" / "other.txt").symlink_to("data.txt")
    return folder


@pytest.fixture(scope="module")
def package(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deb.make(tree, tmp_path_factory.mktemp("dist"), "1.2.0rc1", EPOCH)


def members(package: Path) -> dict[str, tarfile.TarInfo]:
    """Path -> entry of what the package installs."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacked:
        assert unpacked.stdout is not None
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
            return {entry.name.removeprefix("./"): entry for entry in archive}


def field(package: Path, name: str) -> str:
    return subprocess.run(
        ["dpkg-deb", "--field", str(package), name], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_candidate_is_older_than_its_release(package: Path) -> None:
    version = field(package, "Version")
    assert version == "1.2.0~rc1-1"
    assert package.name == f"bridgecall_1.2.0~rc1-1_{field(package, 'Architecture')}.deb"
    subprocess.run(["dpkg", "--compare-versions", version, "lt", "1.2.0-1"], check=True)


def test_the_programs_are_on_the_path_and_all_is_roots(package: Path) -> None:
    found = members(package)
    for program in deb.PROGRAMS:
        assert found[f"usr/bin/{program}"].linkname == f"../lib/bridgecall/{program}"
        assert found[f"usr/lib/bridgecall/{program}"].mode == 0o755
        assert f"usr/share/man/man1/{program}.1.gz" in found
    assert found["usr/lib/bridgecall/_internal/data.txt"].mode == 0o644
    assert found["usr/lib/bridgecall/_internal/other.txt"].linkname == "data.txt"
    assert not [name for name in found if "__pycache__" in name]
    assert {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in found.values()} == {
        (0, 0, "root", "root")
    }
    assert {entry.mtime for entry in found.values()} == {EPOCH}
    assert all(name.startswith("usr") for name in found if name not in ("", "."))


def test_it_has_no_scripts_of_its_own(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--control", str(package), str(tmp_path)], check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"control", "md5sums"}


def test_its_size_is_that_of_its_files(package: Path) -> None:
    files = [entry for name, entry in members(package).items() if name not in ("", ".")]
    expected = sum(-(-entry.size // 1024) if entry.isreg() else 1 for entry in files)
    assert int(field(package, "Installed-Size")) == expected


def test_another_day_and_another_place_give_the_same_bytes(tree: Path, package: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(tree, copy, symlinks=True)
    os.utime(copy / "_internal" / "data.txt", (1, 1))
    again = deb.make(copy, tmp_path / "again.deb", "1.2.0rc1", EPOCH)
    assert again.read_bytes() == package.read_bytes()


@pytest.mark.needs_program("lintian")
def test_lintian_finds_no_error(package: Path) -> None:
    done = subprocess.run(
        ["lintian", "--no-cfg", "--fail-on", "error,warning", "--allow-root", str(package)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
