"""Installs a finished setup, looks at what it did, upgrades it, removes it and looks at what is left.

    py packaging/windows/prove.py dist/bridgecall-1.2.3-windows-x64-setup.exe [--all-users] [--no-smoke-test]
    python3 packaging/windows/prove.py SETUP --wine wine64 --drive-c ~/.wine/drive_c --no-smoke-test

On Windows in an elevated terminal, on a machine without Bridgecall. Wine runs the setup as Windows does, but has no
firewall. Ends with 0 when everything was as it should be, else with 1 and the first thing that was not.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

UNINSTALL_KEY = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\Bridgecall"
CLASS_KEY = r"Software\Classes\bridgecall"
APP_PATH_KEY = r"Software\Microsoft\Windows\CurrentVersion\App Paths\bridgecall.exe"
FIREWALL_RULES = {"Bridgecall": "bridgecall.exe", "Bridgecall server": "bridgecall-server.exe"}
EXIT_RUNS = 3
PATIENCE_S = 300


class NotProvenError(Exception):
    """Something was not as it should be."""


def check(is_so: object, what: str) -> None:
    """Raises NotProvenError with `what` unless `is_so`."""
    if not is_so:
        raise NotProvenError(what)
    sys.stdout.write(f"ok: {what}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Machine:
    """Windows, or Wine that plays it."""

    wine: tuple[str, ...]
    drive_c: Path | None

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of that machine; `arguments` are put behind it as they are, without quotes."""
        command: list[str] | str
        if self.wine:
            command = [*self.wine, program, *" ".join(arguments).split(" ")]
        else:
            command = " ".join((f'"{program}"', *arguments))
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )

    def start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program and do not wait for it."""
        return subprocess.Popen(
            [*self.wine, program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def variable(self, name: str) -> str:
        """A variable of the environment there."""
        return self.run("cmd", "/c", "echo", f"%{name}%").stdout.strip()

    def path(self, name: str) -> Path:
        """Where a path of that machine is for us."""
        if self.drive_c is None:
            return Path(name)
        return self.drive_c.joinpath(*name.removeprefix("C:").strip("\\").split("\\"))

    def value(self, key: str, name: str = "") -> str | None:
        """A value of the registry, the key's own if it has no name; None when it is not there."""
        command = ("reg", "query", key, "/v", name) if name else ("reg", "query", key, "/ve")
        done = subprocess.run(
            [*self.wine, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        found = re.search(r"\sREG_[A-Z]+[ \t]*(.*)$", done.stdout, re.MULTILINE)
        return found[1].strip() if done.returncode == 0 and found else None


class Proof:
    """The steps, in their order."""

    def __init__(self, machine: Machine, setup: Path, *, all_users: bool) -> None:
        self.machine = machine
        self.setup = (
            str(setup.resolve()) if not machine.wine else "Z:" + str(setup.resolve()).replace("/", "\\")
        )
        self.all_users = all_users
        self.mode = "/AllUsers" if all_users else "/CurrentUser"
        self.hive = "HKLM" if all_users else "HKCU"
        base = machine.variable("ProgramW6432" if all_users else "LOCALAPPDATA") or r"C:\Program Files"
        self.folder = f"{base}\\Bridgecall" if all_users else f"{base}\\Programs\\Bridgecall"
        menu = machine.variable("ProgramData" if all_users else "APPDATA")
        self.shortcut = machine.path(rf"{menu}\Microsoft\Windows\Start Menu\Programs\Bridgecall.lnk")
        self.here = machine.path(self.folder)

    def install(self, *, code: int = 0, what: str) -> None:
        """Run the setup silently."""
        done = self.machine.run(self.setup, "/S", self.mode)
        check(done.returncode == code, f"{what} ends with {code} (it was {done.returncode})")

    def is_there(self) -> None:
        """Files, start menu and registry are as they should be."""
        machine, program = self.machine, rf"{self.folder}\bridgecall.exe"
        for name in (
            "bridgecall.exe",
            "bridgecall-bot.exe",
            "bridgecall-server.exe",
            "uninstall.exe",
            "_internal",
        ):
            check((self.here / name).exists(), f"{name} is installed")
        check(self.shortcut.is_file(), "the start menu has an entry")
        entry = rf"{self.hive}\{UNINSTALL_KEY}"
        check(machine.value(entry, "DisplayName") == "Bridgecall", "it is in the list of programs")
        check(machine.value(entry, "InstallLocation") == self.folder, "with its folder")
        check(re.match(r"\d+\.\d+", machine.value(entry, "DisplayVersion") or ""), "with its version")
        check(machine.value(entry, "Publisher"), "with its publisher")
        check(machine.value(entry, "DisplayIcon") == f"{program},0", "with its icon")
        size_kb = int(machine.value(entry, "EstimatedSize") or "0", 16)
        there_kb = sum(path.stat().st_size for path in self.here.rglob("*") if path.is_file()) / 1024
        check(abs(size_kb - there_kb) < 0.01 * there_kb + 1024, f"with its size ({size_kb} KiB)")
        check(
            "URL:" in (machine.value(rf"{self.hive}\{CLASS_KEY}") or ""), "links with bridgecall: are known"
        )
        command = machine.value(rf"{self.hive}\{CLASS_KEY}\shell\open\command")
        check(command == f'"{program}" -- "%1"', "and open the program")
        check(machine.value(rf"{self.hive}\{APP_PATH_KEY}") == program, "Windows finds it by its name")

    def firewall(self, *, is_open: bool) -> None:
        """The rules are there for our programs, or they are not there at all."""
        for rule, program in FIREWALL_RULES.items():
            done = self.machine.run(
                "netsh", "advfirewall", "firewall", "show", "rule", f'name="{rule}"', "verbose"
            )
            has_rule = (
                done.returncode == 0 and rf"{self.folder}\{program}".casefold() in done.stdout.casefold()
            )
            check(
                has_rule == is_open,
                f"the firewall {'lets' if is_open else 'no longer lets'} {program} through",
            )

    def smoke_test(self) -> None:
        """The installed program tests itself."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            program = str(self.here / "bridgecall.exe")
            done = subprocess.run([program, "--smoke-test", str(report)], timeout=PATIENCE_S, check=False)
            text = report.read_text(encoding="utf-8") if report.exists() else "no report"
        sys.stdout.write(text + "\n")
        check(
            done.returncode == 0 and json.loads(text)["ok"] is True,
            "the installed program passes its smoke test",
        )

    def upgrade(self) -> None:
        """Not over a program that runs; afterwards yes."""
        process = self.machine.start(
            rf"{self.folder}\bridgecall-server.exe", "--host", "127.0.0.1", "--port", "0"
        )
        try:
            time.sleep(3)
            check(process.poll() is None, "the server runs")
            self.install(code=EXIT_RUNS, what="Setup over a program that runs")
        finally:
            if self.machine.wine:
                self.machine.run("taskkill", "/F", "/IM", "bridgecall-server.exe")
            process.terminate()
            process.wait()
        self.install(what="Setup over an older version")
        self.is_there()

    def remove(self) -> None:
        """The uninstaller removes what the setup made, and nothing else."""
        machine = self.machine
        stranger = self.here / "_internal" / "a stranger's file.txt"
        stranger.write_text("mine", encoding="utf-8")
        settings = machine.path(machine.variable("APPDATA") + r"\Bridgecall\settings.json")
        had_settings = settings.exists()
        if not had_settings:
            settings.parent.mkdir(parents=True, exist_ok=True)
            settings.write_text("{}", encoding="utf-8")
        # With _?= it does not copy itself away first, so that it can be waited for; then it cannot delete itself.
        done = machine.run(rf"{self.folder}\uninstall.exe", "/S", f"_?={self.folder}")
        check(done.returncode == 0, f"the uninstaller ends with 0 (it was {done.returncode})")
        left = sorted(
            path for path in self.here.rglob("*") if path.is_file() and path.name != "uninstall.exe"
        )
        check(left == [stranger], f"it removes all its files and nobody else's ({len(left)} left)")
        check(settings.exists(), "settings stay when nobody was asked")
        if not had_settings:
            settings.unlink()
            settings.parent.rmdir()
        check(not self.shortcut.exists(), "the start menu's entry is gone")
        for key in (UNINSTALL_KEY, CLASS_KEY, APP_PATH_KEY):
            gone = machine.run(
                "reg", "query", rf'"{self.hive}\{key}"' if not machine.wine else rf"{self.hive}\{key}"
            )
            check(gone.returncode != 0, f"{key} is gone")
        stranger.unlink()
        stranger.parent.rmdir()
        (self.here / "uninstall.exe").unlink(missing_ok=True)
        self.here.rmdir()


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("setup", type=Path)
    parser.add_argument("--all-users", action="store_true", help="install for everybody")
    parser.add_argument("--no-smoke-test", action="store_true", help="do not start the installed program")
    parser.add_argument("--wine", default="", metavar="COMMAND", help="what runs a Windows program here")
    parser.add_argument("--drive-c", type=Path, metavar="FOLDER", help="where Wine's C: is")
    options = parser.parse_args()
    if bool(options.wine) != (options.drive_c is not None):
        parser.error("--wine and --drive-c belong together")
    machine = Machine(tuple(shlex.split(options.wine)), options.drive_c)
    proof = Proof(machine, options.setup, all_users=options.all_users)
    has_firewall = options.all_users and not options.wine
    try:
        proof.install(what="Setup")
        proof.is_there()
        if has_firewall:
            proof.firewall(is_open=True)
        if not options.no_smoke_test:
            proof.smoke_test()
        proof.upgrade()
        proof.remove()
        if has_firewall:
            proof.firewall(is_open=False)
    except (NotProvenError, OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"NOT PROVEN: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
