"""Find out which system libraries and programs are missing, and install them with apt where that is possible.

    system_packages.py env    what making the Python environment needs
    system_packages.py run    also what the application loads: Qt's X11 and OpenGL libraries, PulseAudio
    system_packages.py test   also what the tests start: a virtual display, a browser, a sound server, `ip`,
                              Janus, coturn, Redis and NSIS

A library is missing when the loader does not find it, a program when it is not on PATH; who installed it does
not matter. Nothing is done and no network touched while nothing is missing. Root, or a sudo that asks for no
password, installs; anybody else is told the one line to run. Standard library only.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

APT_WAITS_S = 300
FONT_DIRS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")

# Loader name -> Debian package: what PySide6's QtWidgets, QtMultimedia and its xcb and Wayland plugins and
# OpenCV link to outside their wheels (the NEEDED entries of their ELF files, PySide6 6.11, opencv-python 4).
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrandr.so.2": "libxrandr2",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libpulse.so.0": "libpulse0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}

# Programs, any one of which will do -> Debian package.
TEST_PROGRAMS = {
    ("Xvfb",): "xvfb",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"): "chromium",
    ("pulseaudio",): "pulseaudio",
    ("pactl",): "pulseaudio-utils",
    ("ip",): "iproute2",
    ("janus",): "janus",
    ("turnserver",): "coturn",
    ("redis-server",): "redis-server",
    ("makensis",): "nsis",
}

# Packages that bring a service -> its unit. The tests start the programs themselves, on ports of their own.
SERVICES = {"janus": "janus.service", "coturn": "coturn.service", "redis-server": "redis-server.service"}

POLICY = "/usr/sbin/policy-rc.d"
# As root: $1 is the policy (invoke-rc.d(8): 101 forbids an action), $2 the units, the rest the command. Without a
# policy of its own, a machine starts every service that it installs, and without systemd that may even fail.
QUIETLY = """
policy=$1 units=$2; shift 2
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy"
fi
"$@" || exit $?
if [ -d /run/systemd/system ]; then systemctl --quiet disable $units; fi
exit 0
"""


@dataclass(frozen=True)
class Missing:
    """Something that is not there: what it is called, and the Debian package that brings it."""

    what: str
    package: str


def loads(library: str) -> bool:
    """Whether the dynamic loader finds `library`."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def on_path(program: str) -> bool:
    """Whether `program` can be run; the administrators' folders count, a plain user's PATH lacks them."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
    return shutil.which(program, path=path) is not None


def has_font() -> bool:
    """Whether there is any outline font: without one Qt draws every letter as an empty box."""
    folders = [Path(folder).expanduser() for folder in FONT_DIRS]
    return any(next(folder.rglob(kind), None) for folder in folders for kind in ("*.[to]tf", "*.ttc"))


def missing_for_env() -> list[Missing]:
    """What `python -m venv` needs; Debian and Ubuntu ship ensurepip apart from Python."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return []
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return [Missing(f"the venv module of Python {version}", f"python{version}-venv")]


def missing_for_run(is_loadable: Callable[[str], bool] = loads) -> list[Missing]:
    """What the application needs."""
    found = [Missing(name, package) for name, package in LIBRARIES.items() if not is_loadable(name)]
    if not has_font():
        found.append(Missing("a font", "fonts-dejavu-core"))
    return found


def missing_for_test(is_program: Callable[[str], bool] = on_path) -> list[Missing]:
    """What the tests start."""
    return [
        Missing(names[0], package)
        for names, package in TEST_PROGRAMS.items()
        if not any(is_program(name) for name in names)
    ]


def apt_command(verb: Sequence[str]) -> list[str]:
    """apt-get that asks nothing and waits for another apt that runs now."""
    return ["apt-get", "-q", "-o", f"DPkg::Lock::Timeout={APT_WAITS_S}", "-o", "Dpkg::Use-Pty=0", *verb]


def line_to_run(packages: Sequence[str], *, has_sudo: bool) -> str:
    """The one line for a person who may become root."""
    install = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    if has_sudo:
        return f"sudo sh -c '{install}'"
    return f"su -c '{install}'"


def root_prefix() -> list[str] | None:
    """What to put before a command to run it as root; None when that is not possible without a password."""
    if os.geteuid() == 0:
        return ["env"]
    if shutil.which("sudo") is None:
        return None
    probe = subprocess.run(["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return ["sudo", "-n", "env"] if probe.returncode == 0 else None


def without_services(command: Sequence[str], units: Sequence[str], policy: str = POLICY) -> list[str]:
    """`command` of apt, after which none of the services that it brings runs, nor will at the next boot."""
    return ["sh", "-c", QUIETLY, "sh", policy, " ".join(units), *command]


def apt(prefix: Sequence[str], verb: Sequence[str], units: Sequence[str] = ()) -> None:
    """Run apt-get as root; when it fails, print all that it said and end. `units` are not started."""
    command = apt_command(verb)
    done = subprocess.run(
        [
            *prefix,
            "DEBIAN_FRONTEND=noninteractive",
            *(without_services(command, units) if units else command),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        sys.exit(f"apt-get {verb[0]} failed; its own words are above.")


def is_installable(packages: Sequence[str]) -> bool:
    """Whether apt could install all of `packages` (a simulation, which needs no root).

    Asking for a candidate version would not do: since the change to 64-bit time some libraries have a new
    name, and the old one is only provided.
    """
    command = apt_command(["--simulate", "install", "--no-install-recommends", *packages])
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def install(missing: Sequence[Missing]) -> None:
    """Install what is missing, or end with the sentence that says what to do."""
    packages = sorted({each.package for each in missing})
    if shutil.which("apt-get") is None:
        names = ", ".join(each.what for each in missing)
        sys.exit(f"Bridgecall misses {names}: install them with this system's package manager and try again.")
    prefix = root_prefix()
    if prefix is None:
        line = line_to_run(packages, has_sudo=shutil.which("sudo") is not None)
        services = " ".join(SERVICES[package] for package in packages if package in SERVICES)
        after = f"\n(The tests need no service: systemctl disable --now {services})" if services else ""
        sys.exit(
            f"Bridgecall needs system packages, and only root can install them. Run this line:\n{line}{after}"
        )
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    apt(prefix, ["update"])
    if not is_installable(packages):  # Ubuntu, for one, has Chromium as a snap only
        without = [package for package in packages if not is_installable([package])]
        packages = [package for package in packages if package not in without]
        print(f"Not to be had here: {' '.join(without)}; what needs it will not work.", file=sys.stderr)
    if packages:
        units = [SERVICES[package] for package in packages if package in SERVICES]
        apt(prefix, ["install", "-y", "--no-install-recommends", *packages], units)


def main() -> int:
    """Install what the chosen purpose misses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("purpose", choices=("env", "run", "test"))
    purpose: str = parser.parse_args().purpose
    missing = missing_for_env()
    if sys.platform == "linux" and purpose in ("run", "test"):
        missing += missing_for_run()
    if sys.platform == "linux" and purpose == "test":
        missing += missing_for_test()
    if missing:
        install(missing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
