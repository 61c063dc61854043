"""A Debian root in a folder, and what is done in it.

It is made and used in mount and process namespaces of its own (unshare(1)): no mount is ever seen by the machine, and
all are gone, as are all processes, with the namespaces' first process. /dev is a tmpfs with the few devices that
programs open, not the machine's. The network is the machine's, so that both sides of a call reach each other.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
"""Name below /dev -> major and minor number (Linux, Documentation/admin-guide/devices.txt)."""
USER, UID = "ana", 1000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UNPREDICTABLE = ("proc", "sys", "dev", "tmp", "home")
"""Folders of which `files` tells nothing: the kernel's, and those where people's files are."""


class DebianRoot:
    """A Debian root in `folder`, which must not exist yet; its parent must be in no other's hands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, suite: str, mirror: str) -> None:
        """debootstrap's smallest variant, a user, and the mounts.

        Raises:
            subprocess.CalledProcessError: a step failed; debootstrap has said why on standard error.
        """
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", suite, str(self.folder), mirror],
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError("debootstrap failed:\n" + "\n".join(done.stdout.splitlines()[-15:]))
        self._mount()
        self.run("useradd", "--create-home", "--uid", str(UID), USER)
        # No package may start a service here (invoke-rc.d(8)).
        policy = self.folder / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)

    def _mount(self) -> None:
        """proc of these processes, sys to read, and a small dev."""
        proc, sys, dev = (self.folder / name for name in ("proc", "sys", "dev"))
        _run("mount", "-t", "proc", "proc", str(proc))
        _run("mount", "--bind", "/sys", str(sys))
        _run("mount", "-o", "remount,bind,ro", str(sys))
        _run("mount", "-t", "tmpfs", "-o", "mode=755,size=1m", "dev", str(dev))
        for name, (major, minor) in DEVICES.items():
            os.mknod(dev / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            (dev / name).chmod(0o666)
        for name, target in (
            ("fd", "/proc/self/fd"),
            ("stdin", "fd/0"),
            ("stdout", "fd/1"),
            ("stderr", "fd/2"),
        ):
            (dev / name).symlink_to(target)
        (dev / "shm").mkdir()
        _run("mount", "-t", "tmpfs", "-o", "mode=1777", "shm", str(dev / "shm"))

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command as root; what it printed.

        Raises:
            RuntimeError: it failed; the text has the end of its output.
        """
        done = subprocess.run(
            ["chroot", str(self.folder), *command],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if check and done.returncode:
            end = "\n".join(done.stdout.splitlines()[-25:])
            raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}:\n{end}")
        return done.stdout

    def apt(self, *arguments: str) -> str:
        """apt-get in the root: no questions, and nothing but what is needed."""
        options = ["-q", "-y", "-o", "Dpkg::Use-Pty=0", "-o", "Acquire::Check-Valid-Until=false"]
        return self.run("apt-get", *options, "--no-install-recommends", *arguments)

    def command(self, arguments: list[str], environment: Mapping[str, str]) -> list[str]:
        """A command that runs `arguments` in the root as its user, who has nothing but `environment`."""
        variables = {
            "HOME": f"/home/{USER}",
            "USER": USER,
            "PATH": PATH.replace("/usr/local/sbin:", "").replace("/usr/sbin:", "").replace("/sbin:", ""),
            "LANG": "C.UTF-8",
            **environment,
        }
        assignments = [f"{name}={value}" for name, value in variables.items()]
        # env(1) also changes the folder: chroot's --skip-chdir is not for other roots.
        return [
            "chroot",
            f"--userspec={UID}:{UID}",
            str(self.folder),
            "env",
            "-i",
            f"--chdir=/home/{USER}",
            *assignments,
            *arguments,
        ]

    def write_as_user(self, path: str, text: str) -> None:
        """Write a file below the user's home."""
        home = self.folder / "home" / USER
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        for each in [target, *target.parents]:
            if each.is_relative_to(home):
                os.chown(each, UID, UID)

    def files(self) -> set[str]:
        """All paths, folders too, but for those in UNPREDICTABLE."""
        found: set[str] = set()
        for folder, folders, names in os.walk(self.folder):
            inside = os.path.relpath(folder, self.folder)
            if inside == ".":
                folders[:] = [name for name in folders if name not in UNPREDICTABLE]
            found |= {os.path.normpath(f"/{inside}/{name}") for name in [*folders, *names]}
        return found


def remove(folder: Path) -> None:
    """Remove a root that is no longer used, but nothing that is mounted in it; does nothing when there is none."""
    if folder.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", "--", str(folder)], check=True)


def missing_programs() -> list[str]:
    """Programs of this machine that the proof needs and that are not there."""
    wanted = ("debootstrap", "unshare", "chroot", "mount", "Xvfb", "xwininfo", "xprop", "dpkg-deb")
    return [name for name in wanted if shutil.which(name, path=PATH) is None]


def _environment() -> dict[str, str]:
    return {
        "PATH": PATH,
        "LC_ALL": "C.UTF-8",
        "HOME": "/root",
        "DEBIAN_FRONTEND": "noninteractive",
        "TMPDIR": "/tmp",
    }


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
