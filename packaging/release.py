#!/usr/bin/env python3
"""Is this commit ready to be released? Says what is missing, or what to do next.

    python packaging/release.py          check, and say what to do
    python packaging/release.py --tag    check, and make the tag (which is not pushed)
    python packaging/release.py v1.2.3   check that this is the tag of this version, too: for what is built from a tag
    python packaging/release.py --notes [v1.2.3]    print the changelog's section of this version, and check no more

The version is written in one place, pyproject.toml. Needs Python 3.11 and git, nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

NUMBER = r"(?:0|[1-9][0-9]*)"
PROPER = re.compile(
    rf"(?P<release>{NUMBER}\.{NUMBER}\.{NUMBER})(?:(?P<kind>a|b|rc)(?P<pre>{NUMBER}))?(?:\.post(?P<post>{NUMBER}))?",
    re.ASCII,
)
"""PEP 440 in its canonical form, with the three numbers of Semantic Versioning; nobody releases a .dev version."""
HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?P<rest>.*)$", re.MULTILINE)
"""https://keepachangelog.com/en/1.1.0/"""


class ReleaseError(Exception):
    """Nothing can be checked; the text is one sentence."""


@dataclass
class Check:
    """What was found."""

    version: str = ""
    notes: str = ""
    """The changelog's section of the version."""
    is_tagged: bool = False
    """The tag is there, at this commit."""
    problems: list[str] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """Its name."""
        return f"v{self.version}"


def git(root: Path, *arguments: str, text: str | None = None) -> str | None:
    """What git answers; None when it refuses.

    Raises:
        ReleaseError: there is no git.
    """
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, input=text or "", capture_output=True, text=True, check=False)
    except OSError:
        raise ReleaseError("Git is not installed.") from None
    return done.stdout if done.returncode == 0 else None


def sort_key(version: str) -> tuple[tuple[int, ...], tuple[str, int], int] | None:
    """The order of proper versions; None for others."""
    match = PROPER.fullmatch(version)
    if match is None:
        return None
    pre = (match["kind"], int(match["pre"])) if match["kind"] else ("z", 0)
    post = -1 if match["post"] is None else int(match["post"])
    return tuple(int(each) for each in match["release"].split(".")), pre, post


def read_version(root: Path) -> str:
    """The version of pyproject.toml.

    Raises:
        ReleaseError: it has none.
    """
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return str(project["version"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ReleaseError("There is no pyproject.toml with a version here.") from None


def changelog_section(text: str, version: str) -> tuple[str, str] | None:
    """What follows the name in the heading of a version, and the section without its heading."""
    headings = list(HEADING.finditer(text))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        if heading["name"] == version:
            end = len(text) if following is None else following.start()
            return heading["rest"], text[heading.end() : end].strip()
    return None


def changelog_problems(root: Path, check: Check, today: datetime.date) -> list[str]:
    """What is wrong with the section of the version; its text goes into `check`."""
    try:
        text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ["CHANGELOG.md cannot be read."]
    found = changelog_section(text, check.version)
    if found is None:
        return [f"CHANGELOG.md has no section “## [{check.version}] - {today}”."]
    rest, check.notes = found
    problems = []
    match = re.fullmatch(r" - (\d{4}-\d{2}-\d{2})", rest.rstrip())
    try:
        date = datetime.date.fromisoformat(match[1]) if match else None
    except ValueError:
        date = None
    if date is None:
        problems.append(f"The heading of {check.version} in CHANGELOG.md has no date, such as “ - {today}”.")
    elif date > today:
        problems.append(f"The heading of {check.version} in CHANGELOG.md is of a day to come, {date}.")
    if not re.search(r"^[-*] ", check.notes, re.MULTILINE):
        problems.append(f"The section of {check.version} in CHANGELOG.md says nothing.")
    return problems


def git_problems(root: Path, check: Check) -> list[str]:
    """What is wrong with the tree and the tags."""
    head = git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        return ["There is no commit here."]
    problems = []
    changed = git(root, "status", "--porcelain", "--untracked-files=normal")
    if changed is None or changed.strip():
        count = len((changed or "").splitlines())
        problems.append(f"The working tree is not clean: {count} files are changed or not in the repository.")
    at = git(root, "rev-parse", "--verify", "--quiet", f"refs/tags/{check.tag}^{{commit}}")
    if at is not None and at != head:
        problems.append(f"The tag {check.tag} is at another commit, {at[:12]}: this needs another version.")
    check.is_tagged = at == head
    this = sort_key(check.version)
    tags = (git(root, "tag", "--list", "v*") or "").split()
    others = [(key, tag) for tag in tags if tag != check.tag and (key := sort_key(tag[1:])) is not None]
    newest = max(others, default=None)
    if this is not None and at is None and newest is not None and newest[0] > this:
        problems.append(f"The version {check.version} is older than the tag {newest[1]}.")
    return problems


def check_release(root: Path, today: datetime.date) -> Check:
    """Look at everything; nothing is changed.

    Raises:
        ReleaseError: there is nothing to look at.
    """
    check = Check(read_version(root))
    if PROPER.fullmatch(check.version) is None:
        check.problems.append(
            f"The version “{check.version}” of pyproject.toml is not of the form 1.2.3, 1.2.3rc1 or 1.2.3.post1."
        )
        return check
    check.problems += changelog_problems(root, check, today)
    check.problems += git_problems(root, check)
    return check


def make_tag(root: Path, check: Check) -> None:
    """An annotated tag with the changelog's words.

    Raises:
        ReleaseError: git refuses.
    """
    message = f"Bridgecall {check.version}\n\n{check.notes}\n"
    # Headings of the changelog begin with #, which git would take for comments.
    if git(root, "tag", "--annotate", "--cleanup=whitespace", "--file=-", check.tag, text=message) is None:
        raise ReleaseError(f"Git does not make the tag {check.tag}.")


def say(text: str) -> None:
    """A line on standard output."""
    print(text)  # noqa: T201


def main(arguments: list[str] | None = None) -> int:
    """0 when all is well, else 1 and a line for each problem."""
    parser = argparse.ArgumentParser(description="Check that this commit is ready to be released.")
    parser.add_argument("expected", nargs="?", metavar="TAG", help="the tag that this version has to have")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--tag", action="store_true", help="make the tag")
    action.add_argument("--notes", action="store_true", help="print the changelog's section of this version")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parents[1], help="the repository"
    )
    values = parser.parse_args(arguments)
    try:
        check = check_release(values.root, datetime.date.today())
        if values.notes and check.notes:
            check.problems.clear()
        if values.expected is not None and values.expected != check.tag:
            check.problems.append(
                f"The version {check.version} does not belong to the tag {values.expected}."
            )
        if check.problems:
            for problem in check.problems:
                print(problem, file=sys.stderr)  # noqa: T201
            return 1
        if values.notes:
            say(check.notes)
            return 0
        if check.is_tagged:
            say(f"{check.tag} is at this commit.")
        elif values.tag:
            make_tag(values.root, check)
            say(f"{check.tag} is made.")
        else:
            say(f"Version {check.version} is ready. Make its tag:  make release ARGS=--tag")
            return 0
        say(f"Next:  git push origin {check.tag}    (the release is built from it)")
    except ReleaseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
