"""Prove the Debian package in a bare Debian root: see prove-in-debian.

It makes a root with debootstrap in a temporary folder, installs the package there with what it depends on, starts the
window by the desktop file, runs the smoke test, lets the installed programs and those of this clone call each
other, and removes the package, which must leave nothing. The machine is not changed; all is removed afterwards, also
when a step fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linux.proof import removal, root, sources, steps

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).resolve().parents[3]
INNER = "--in-namespaces"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="prove-in-debian", description="Prove the Debian package in a bare Debian root. Needs root."
    )
    parser.add_argument("package", nargs="?", type=Path, help="the .deb (default: the newest in dist/)")
    parser.add_argument("--mirror", help="an archive of Debian (default: that of this machine's apt)")
    parser.add_argument("--suite", default="bookworm", help="the release (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=Path,
        default=REPOSITORY / "dist" / "proof",
        help="folder for report.json and the pictures (default: dist/proof)",
    )
    parser.add_argument(INNER, type=Path, dest="inner", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Run the proof; 0 when all is proved, 1 when a step failed, 2 when it cannot be tried."""
    values = _arguments()
    problem = _settle(values)
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
        return 2
    if values.inner is not None:
        return asyncio.run(_prove(values, values.inner))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    folder = Path(tempfile.mkdtemp(prefix="bridgecall-proof-"))
    folder.chmod(0o755)  # the user in the root has to pass through
    # The first process of the process namespace ends all others with it, and the last one unmounts all.
    command = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]
    command += [sys.executable, "-m", "linux.proof", str(values.package), "--suite", values.suite]
    command += ["--mirror", values.mirror, "--out", str(values.out), INNER, str(folder)]
    try:
        with subprocess.Popen(command, cwd=REPOSITORY) as process:
            try:
                return process.wait()
            finally:
                process.kill()
    finally:
        root.remove(folder)


def _settle(values: argparse.Namespace) -> str | None:
    """Fill in what was left out; a sentence when the proof cannot be tried."""
    if os.geteuid() != 0:
        return "Only root can make a Debian root: run it with sudo."
    if missing := root.missing_programs():
        return f"These programs are missing: {', '.join(missing)}."
    values.mirror = values.mirror or sources.mirror()
    if values.mirror is None:
        return "This machine's apt names no archive of Debian: say one with --mirror."
    if values.package is None:
        found = sorted((REPOSITORY / "dist").glob("bridgecall_*.deb"), key=lambda path: path.stat().st_mtime)
        if not found:
            return "There is no package in dist/: make it with python packaging/build.py --only deb."
        values.package = found[-1]
    values.package, values.out = values.package.resolve(), values.out.resolve()
    return None if values.package.is_file() else f"There is no package {values.package}."


class Report:
    """What was proved, printed as it goes and written as JSON at the end."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []

    async def step(self, name: str, work: Callable[[], Any]) -> None:
        """Do `work`, which returns what to say of it or a coroutine that does.

        Raises:
            Exception: what `work` raised, after it was noted.
        """
        start = time.monotonic()
        ok, detail = False, ""
        try:
            result = work()
            detail = str(await result if asyncio.iscoroutine(result) else result)
            ok = True
        except BaseException as error:
            detail = f"{type(error).__name__}: {error}"
            raise
        finally:
            seconds = round(time.monotonic() - start, 1)
            self.steps.append({"name": name, "ok": ok, "seconds": seconds, "detail": detail})
            sys.stdout.write(f"{'ok  ' if ok else 'FAIL'} {seconds:6.1f} s  {name}: {detail}\n")
            sys.stdout.flush()


async def _prove(values: argparse.Namespace, folder: Path) -> int:
    report = Report()
    work = folder / "work"
    work.mkdir()
    values.out.mkdir(parents=True, exist_ok=True)
    debian = root.DebianRoot(folder / "root")
    start = time.monotonic()
    try:
        await _steps(report, debian, values, work)
        ok = True
    except Exception as error:  # noqa: BLE001 - whatever it is, the report tells it
        sys.stderr.write(f"{error}\n")
        ok = False
    for name in ("installed.png", "installed-lobby.png", "smoke-test.json"):
        if (work / name).exists():
            shutil.copy(work / name, values.out / name)
    facts = {"ok": ok, "suite": values.suite, "package": values.package.name}
    facts |= {"seconds": round(time.monotonic() - start, 1), "steps": report.steps}
    (values.out / "report.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{'Proved' if ok else 'Not proved'} in {facts['seconds']} s.\n")
    return 0 if ok else 1


async def _steps(report: Report, debian: root.DebianRoot, values: argparse.Namespace, work: Path) -> None:
    if shutil.which("lintian"):
        await report.step("lintian", lambda: _lintian(values.package))
    await report.step("a bare Debian", lambda: _bare(debian, values))
    before = debian.files()
    await report.step("installation", lambda: _install(debian, values.package))
    installed = debian.files()
    own = removal.own_files(debian)
    await report.step("start by the desktop file", lambda: steps.start_from_the_desktop_file(debian, work))
    await report.step("smoke test", lambda: steps.smoke_test(debian, work))
    await report.step("the installed window hosts", lambda: steps.window_hosts(debian, work))
    await report.step("the installed window joins", lambda: steps.window_joins(debian, work))
    await report.step("an installed bot", lambda: steps.bots_meet(debian, work))
    await report.step("removal", lambda: removal.purge(debian, before, installed, own))


def _lintian(package: Path) -> str:
    done = subprocess.run(
        ["lintian", "--no-cfg", "--allow-root", "--fail-on", "error", str(package)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    tags = [line for line in done.stdout.splitlines() if line[:2] in ("E:", "W:")]
    if done.returncode:
        raise AssertionError("\n".join(tags[:20]))
    return f"no errors, {len(tags)} warnings"


def _bare(debian: root.DebianRoot, values: argparse.Namespace) -> str:
    debian.make(values.suite, values.mirror)
    if pythons := _pythons(debian):
        raise AssertionError(f"Python is in it already: {pythons[0]}")
    debian.apt("update")
    return f"{len(debian.files())} files and folders, no Python"


def _install(debian: root.DebianRoot, package: Path) -> str:
    shutil.copy(package, debian.folder / "var/tmp/bridgecall.deb")
    said = debian.apt("install", "/var/tmp/bridgecall.deb")
    (debian.folder / "var/tmp/bridgecall.deb").unlink()
    if pythons := _pythons(debian):
        raise AssertionError(f"the package brings a Python of Debian: {pythons[0]}")
    counts = [line for line in said.splitlines() if "newly installed" in line]
    return f"{' '.join(counts)}; still no Python of Debian"


def _pythons(debian: root.DebianRoot) -> list[str]:
    """Interpreters of Python and their libraries; folders for the debugger's helpers are called python, too."""
    beginnings = ("/usr/bin/python", "/usr/local/bin/python", "/usr/lib/python")
    return sorted(
        path
        for path in debian.files()
        if path.startswith(beginnings)
        or ("/libpython" in path and not path.startswith("/usr/lib/bridgecall/"))
    )


if __name__ == "__main__":
    sys.exit(main())
