"""`make release` in a repository of its own, with real git."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "packaging" / "release.py"
TODAY = datetime.date.today()
CHANGELOG = f"""# Changelog

## [Unreleased]

## [1.2.0] - {TODAY}

### Added

- A thing that is new.

## [1.1.0] - 2025-01-31

- An older thing.
"""

pytestmark = pytest.mark.needs_program("git")


class Repository:
    """A small project under git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(version="1.2.0", changelog=CHANGELOG)
        self.commit()

    def git(self, *arguments: str) -> str:
        """What git says."""
        names = {
            f"GIT_{who}_{what}": "a@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        nobody = {"HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            env={"PATH": os.environ["PATH"], **nobody, **names},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, *, version: str | None = None, changelog: str | None = None) -> None:
        """Change the files."""
        if version is not None:
            (self.folder / "pyproject.toml").write_text(f'[project]\nname = "x"\nversion = "{version}"\n')
        if changelog is not None:
            (self.folder / "CHANGELOG.md").write_text(changelog)

    def commit(self) -> None:
        """Everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script as `make release` does."""
        return subprocess.run(
            [sys.executable, str(SCRIPT), "--root", str(self.folder), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_COMMITTER_NAME": "A",
                "GIT_COMMITTER_EMAIL": "a@example.org",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def problems(self, *arguments: str) -> list[str]:
        """What it complains of."""
        done = self.check(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr.splitlines()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Ready for a release."""
    return Repository(tmp_path / "project")


def test_what_is_ready_gets_its_tag_only_when_it_is_wanted(repository: Repository) -> None:
    done = repository.check()
    assert (done.returncode, done.stderr) == (0, "")
    assert "Version 1.2.0 is ready" in done.stdout
    assert repository.git("tag") == ""
    assert repository.check("--tag").returncode == 0
    assert repository.git("rev-parse", "v1.2.0^{commit}") == repository.git("rev-parse", "HEAD")
    assert repository.git("cat-file", "-t", "v1.2.0") == "tag"
    assert repository.git("tag", "--list", "--format=%(contents)").splitlines()[:4] == [
        "Bridgecall 1.2.0",
        "",
        "### Added",
        "",
    ]
    again = repository.check("--tag", "v1.2.0")
    assert (again.returncode, "git push origin v1.2.0" in again.stdout) == (0, True)


def test_a_tag_elsewhere_an_older_version_and_a_tag_of_another_version(repository: Repository) -> None:
    repository.git("tag", "v1.2.0")
    repository.commit()
    [problem] = repository.problems("--tag")
    assert "v1.2.0 is at another commit" in problem
    repository.git("tag", "--delete", "v1.2.0")
    for tag in ("v1.10.0", "v1.3.0rc1", "vnonsense"):
        repository.git("tag", tag)
    assert repository.problems() == ["The version 1.2.0 is older than the tag v1.10.0."]
    repository.git("tag", "--delete", "v1.10.0", "v1.3.0rc1")
    assert repository.problems("v1.2.1") == ["The version 1.2.0 does not belong to the tag v1.2.1."]
    assert repository.check("v1.2.0").returncode == 0


def test_a_tree_that_is_not_clean(repository: Repository) -> None:
    (repository.folder / "new.txt").write_text("")
    repository.write(changelog=CHANGELOG + "\n")
    assert repository.problems("--tag") == [
        "The working tree is not clean: 2 files are changed or not in the repository."
    ]
    assert repository.git("tag") == ""


@pytest.mark.parametrize(
    "version", ["1.2", "v1.2.0", "1.2.0.dev1", "01.2.0", "1.2.0+local", "1.2.0-rc.1", "latest", "", "1.2.0 "]
)
def test_a_version_that_is_no_proper_one(repository: Repository, version: str) -> None:
    repository.write(version=version)
    repository.commit()
    [problem] = repository.problems()
    assert problem.startswith(f"The version “{version}” of pyproject.toml is not of the form")


@pytest.mark.parametrize("version", ["1.2.0rc1", "1.2.0.post1", "10.20.30"])
@pytest.mark.parametrize(
    ("heading", "body", "problem"),
    [
        ("## [other] - 2025-01-01", "- New.", "has no section “## [{}] - "),
        ("## [{}]", "- New.", "has no date"),
        ("## [{}] - 2025-02-30", "- New.", "has no date"),
        ("## [{}] - 2999-01-01", "- New.", "is of a day to come"),
        ("## [{}] - 2025-01-01", "### Added\n", "says nothing"),
        ("## [{}] - 2025-01-01", "- New.", ""),
    ],
)
def test_the_changelog_has_to_say_what_is_new(
    repository: Repository, version: str, heading: str, body: str, problem: str
) -> None:
    repository.write(version=version, changelog=f"# Changelog\n\n{heading.format(version)}\n\n{body}\n")
    repository.commit()
    if problem:
        [said] = repository.problems()
        assert problem.format(version) in said
    else:
        assert repository.check().returncode == 0


def test_the_notes_are_those_of_the_version(repository: Repository) -> None:
    (repository.folder / "built.txt").write_text("a release is built here")
    done = repository.check("--notes", "v1.2.0")
    assert (done.returncode, done.stdout) == (0, "### Added\n\n- A thing that is new.\n")
    assert repository.check("--notes", "v9.9.9").returncode == 1


def test_where_there_is_no_project(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--root", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "There is no pyproject.toml with a version here.\n")


def test_this_repository_has_its_version_in_one_place() -> None:
    """Whatever else wants it reads it from pyproject.toml or from the metadata made from that."""
    sources = [*(ROOT / "desktop_app").rglob("*.py"), *(ROOT / "packaging").rglob("*.py")]
    written = [
        path.name
        for path in sources
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.replace(" ", "").startswith(('version="', '__version__="')) and '"0+unknown"' not in line
    ]
    assert written == []
