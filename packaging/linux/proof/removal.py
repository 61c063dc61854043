"""That the package's removal leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linux.proof.root import DebianRoot

ELSEWHERE = ("/var/", "/etc/")
"""Where packages that came along may leave something when they go: state, caches and settings of theirs."""


def own_files(root: DebianRoot) -> set[str]:
    """What dpkg counts to the package and to no other, and its notes on it."""
    listed = {line for line in root.run("dpkg", "-L", "bridgecall").splitlines() if line.startswith("/")}
    shared = {
        line.rpartition(": ")[2]
        for line in root.run("dpkg", "-S", *sorted(listed - {"/."}), check=False).splitlines()
        if "," in line.rpartition(": ")[0]
    }
    notes = {path for path in root.files() if path.startswith("/var/lib/dpkg/info/bridgecall.")}
    return (listed - shared - {"/."}) | notes


def purge(root: DebianRoot, before: set[str], installed: set[str], own: set[str]) -> str:
    """Purge the package, and then what came along with it; says what was compared.

    Args:
        root: where it is installed.
        before: all paths before the installation.
        installed: all paths after it, before the first start.
        own: those of the package itself.

    Raises:
        AssertionError: something of it stays, or something else is gone with it.
    """
    root.apt("purge", "bridgecall")
    after = root.files()
    too_much = after - (installed - own)
    too_little = (installed - own - before) - after
    assert not too_much, f"stays or is new: {sorted(too_much)[:20]}"
    assert not too_little, f"is gone, but not of the package: {sorted(too_little)[:20]}"
    named = sorted(path for path in after if "bridgecall" in path.lower())
    assert not named, f"its name is left: {named[:20]}"
    assert not root.run("dpkg-query", "-l", "bridgecall", check=False).startswith("ii"), "dpkg still has it"
    root.apt("autoremove", "--purge")
    rest = root.files() - before
    foreign = sorted(path for path in rest if not path.startswith(ELSEWHERE))
    assert not foreign, f"outside of {ELSEWHERE} is left: {foreign[:20]}"
    places = sorted({"/".join(path.split("/")[:4]) for path in rest})
    along = len(installed - before - own)
    return (
        f"{len(own)} paths of the package are gone, and nothing else. Of {along} that came along "
        f"{len(rest)} stay after autoremove, none outside of {', '.join(places)}"
    )
