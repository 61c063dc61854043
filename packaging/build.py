"""Make what people install, from a clean clone, with one command: python packaging/build.py

Finds the platform and makes what belongs to it in dist/: on Linux a .deb, a portable .tar.gz and a Flatpak manifest,
on Windows an installer, on macOS an application and a disk image; with each a bill of materials (CycloneDX), a list
of what is in it, and SHA256SUMS. Needs Python 3.11 or newer (a shared one, as PyInstaller does; on Linux also
binutils) and the internet once; everything else goes into build/env by the hashes of packaging/locks/. Before
anything is packed, the frozen program tests itself: when that fails, so does the build.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bundle import (
    BUILD,
    ROOT,
    TREE,
    BuildError,
    archive,
    environment,
    freeze,
    licences,
    proved,
    report,
    sbom,
    smoke,
    targets,
    version,
)

DIST = ROOT / "dist"
_WITHIN = "BRIDGECALL_BUILD_WITHIN"


def say(text: str) -> None:
    """One line, or a few, for the person who waits."""
    print(text, flush=True)  # noqa: T201


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", metavar="NAME[,NAME]", help=f"make only these of {', '.join(targets.ALL)}")
    parser.add_argument("--no-smoke-test", action="store_true", help="do not start the frozen program")
    parser.add_argument("--clean", action="store_true", help="first remove build/ and dist/")
    parser.add_argument(
        "--if-changed",
        action="store_true",
        help="freeze and smoke-test, and pack nothing, unless packaging/proved.json says that this was done",
    )
    return parser.parse_args(argv)


def make_tree(number: str, epoch: int) -> None:
    """Freeze, and put the licences in."""
    say("Freezing the programs; this takes a few minutes.")
    freeze.freeze(epoch)
    licences.collect(TREE, number)
    freeze.settle(TREE, epoch)


def build(arguments: argparse.Namespace) -> None:
    """All of it, in the environment of the build."""
    began_s = time.monotonic()
    wanted = targets.chosen("tree" if arguments.if_changed else arguments.only)
    number, epoch = version.version(), version.epoch()
    digest = proved.digest(ROOT)
    make_tree(number, epoch)
    if arguments.only is None and not arguments.if_changed:  # no older version among what is released
        shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(exist_ok=True)
    system = archive.name(number)
    if not arguments.no_smoke_test:
        say(smoke.test(TREE, number, BUILD / "smoke-test.json"))
        proved.write(digest)
    if arguments.if_changed:
        return
    made = []
    for target in wanted:
        if target == "tree":
            continue
        missing = targets.missing_program(target)
        if missing is not None and arguments.only is None:
            say(f"No {target}: it needs {missing}, which is not here.")
            continue
        made.append(targets.make(target, TREE, DIST, number, epoch))
    sbom.write(TREE, DIST, system, number, epoch)
    packed = next((path for path in made if path.name == f"{system}.tar.gz"), None)
    say(report.write(TREE, packed, DIST / f"{system}-contents.txt"))
    archive.write_checksums(DIST)
    for path in made:
        size = path.stat().st_size if path.is_file() else freeze.size_bytes(path)
        say(f"{path.relative_to(ROOT)}: {size / 1e6:.1f} MB")
    say(f"Done in {time.monotonic() - began_s:.0f} s.")


def main(argv: list[str] | None = None) -> int:
    """Make the environment, go on in it, and build; returns the exit status."""
    arguments = parse(argv)
    try:
        if arguments.if_changed and proved.is_current():
            return 0
        if os.environ.get(_WITHIN) == str(ROOT):
            build(arguments)
            return 0
        targets.chosen(arguments.only)  # a wrong name is told at once
        if arguments.clean:
            for folder in (BUILD, DIST):
                shutil.rmtree(folder, ignore_errors=True)
        if arguments.if_changed and (reason := proved.cannot_build()) is not None:
            say(f"Packaging changed since its last proof, and this machine cannot freeze: {reason}")
            return 0
        say("Making the environment of the build, if it is not there.")
        environment.ensure()
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)  # noqa: T201
        return 1
    # The makers draw the icons with Qt, which only that environment has.
    command = [
        str(environment.python()),
        str(Path(__file__).resolve()),
        *(sys.argv[1:] if argv is None else argv),
    ]
    command = [word for word in command if word != "--clean"]
    variables = environment.clean_variables() | {_WITHIN: str(ROOT)}
    return subprocess.run(command, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
