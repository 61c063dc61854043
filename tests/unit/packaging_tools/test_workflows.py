""".github/workflows: what may write, what is pinned, what starts a build, and that they call what is there."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GATHER = ROOT / "packaging" / "gather-release"


def load(path: Path) -> dict[str, Any]:
    """A workflow; YAML 1.1 takes its key `on` for true."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(table, dict)
    return {"on" if key is True else key: value for key, value in table.items()}


WORKFLOWS = {path.stem: load(path) for path in FILES}


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """All jobs: of which workflow, their name, the job."""
    for name, workflow in WORKFLOWS.items():
        for job_name, job in workflow["jobs"].items():
            yield name, job_name, job


def steps() -> list[dict[str, Any]]:
    """The steps of all jobs."""
    return [step for _, _, job in jobs() for step in job.get("steps", ())]


def test_there_are_the_three() -> None:
    assert set(WORKFLOWS) == {"test", "build", "release"}


def test_only_the_job_that_makes_the_release_may_write() -> None:
    writers = []
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {"contents": "read"}
    for name, job_name, job in jobs():
        if "permissions" in job:
            assert job["permissions"] == {"contents": "write"}
            writers.append((name, job_name))
    assert writers == [("release", "publish")]


def test_actions_are_pinned_by_a_full_hash_with_their_version_beside_it() -> None:
    seen: dict[str, set[str]] = {}
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.search(r"uses: (\S+)", line):
                if match[1].startswith("./"):
                    assert (ROOT / match[1]).is_file()
                    continue
                pinned = re.fullmatch(r".*uses: (actions/[\w-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+", line)
                assert pinned, line
                seen.setdefault(pinned[1], set()).add(pinned[2])
    assert {"actions/checkout", "actions/upload-artifact"} <= set(seen)
    assert all(len(hashes) == 1 for hashes in seen.values())


def test_no_job_runs_for_ever_and_none_keeps_the_token() -> None:
    for _, _, job in jobs():
        assert "uses" in job or job["timeout-minutes"] <= 45
    for step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_nothing_from_outside_is_pasted_into_a_shell() -> None:
    """Names of branches and tags are anybody's text: they come by the environment, not by a template."""
    for step in steps():
        assert "${{" not in step.get("run", ""), step["run"]


def test_tests_run_for_every_push_and_pull_request_on_ubuntu_and_debian() -> None:
    test = WORKFLOWS["test"]
    assert set(test["on"]) == {"push", "pull_request"}
    assert any("container" in job for job in test["jobs"].values())
    for job in test["jobs"].values():
        assert job["steps"][-1]["run"] == "make test"


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_packaging_and_dependencies_start_a_build(event: str) -> None:
    paths = WORKFLOWS["build"]["on"][event]["paths"]
    assert {"packaging/**", "pyproject.toml", ".github/workflows/build.yml"} <= set(paths)
    for pattern in paths:
        assert list(ROOT.glob(pattern)) or "smoke_test" in pattern, pattern


def test_each_system_builds_with_the_one_command_and_tries_what_it_built() -> None:
    build = WORKFLOWS["build"]["jobs"]
    assert {job["runs-on"].partition("-")[0] for job in build.values()} == {"ubuntu", "windows", "macos"}
    for name, job in build.items():
        runs = [step["run"] for step in job["steps"] if "run" in step]
        at = runs.index("python packaging/build.py")
        tries = "\n".join(runs[at + 1 :])
        assert "--smoke-test" in tries or "packaging/windows/prove.py" in tries
        assert any(step.get("with", {}).get("name") == f"packages-{name}" for step in job["steps"])


def test_the_scripts_that_are_called_are_there() -> None:
    text = "\n".join(step.get("run", "") for step in steps())
    called = set(re.findall(r"packaging/[\w./-]+", text)) - {"packaging/build.py", "packaging/release.py"}
    assert "packaging/windows/prove.py" in called
    assert [name for name in sorted(called) if not (ROOT / name).is_file()] == []


def test_a_release_is_checked_before_it_is_built_and_built_before_it_is_published() -> None:
    release = WORKFLOWS["release"]["jobs"]
    assert WORKFLOWS["release"]["on"] == {"push": {"tags": ["v*"]}}
    assert release["build"]["needs"] == "check"
    assert release["publish"]["needs"] == "build"
    offered = WORKFLOWS["build"]["on"]["workflow_call"]["secrets"]
    assert set(release["build"]["secrets"]) == set(offered)
    assert not any(secret["required"] for secret in offered.values())


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """What the three builds leave."""
    folder = tmp_path / "packages"
    for name in (
        "linux/bridgecall_1.0_amd64.deb",
        "linux/bridgecall-1.0-linux.tar.gz",
        "linux/bridgecall-1.0-linux.cdx.json",
        "linux/smoke-test-linux.json",
        "windows/bridgecall-1.0-windows-x64-setup.exe",
        "windows/bridgecall-1.0-windows-x86_64.tar.gz",
        "windows/bridgecall-1.0-windows.cdx.json",
        "macos/bridgecall-1.0-macos-arm64.dmg",
        "macos/bridgecall-1.0-macos.cdx.json",
    ):
        path = folder / f"packages-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return folder


def gather(packages: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(GATHER), str(packages), str(packages.parent / "release")],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_release_has_all_packages_and_the_checksum_of_each(packages: Path) -> None:
    assert gather(packages).returncode == 0
    release = packages.parent / "release"
    lines = (release / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    assert set(sums) == {path.name for path in release.iterdir()} - {"SHA256SUMS"}
    assert len(sums) == 8
    for name, digest in sums.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest


def test_a_release_without_one_of_its_packages_fails(packages: Path) -> None:
    next(packages.glob("packages-macos/*.dmg")).unlink()
    done = gather(packages)
    assert done.returncode != 0
    assert "there is no" in done.stderr
