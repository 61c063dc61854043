"""The scripts that set a machine up, as far as that changes nothing on it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "packaging" / "setup"


def load(name: str) -> ModuleType:
    """A script of packaging/setup as a module; the folder is no package."""
    spec = importlib.util.spec_from_file_location(f"setup_{name}", SETUP / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


environment = load("environment")
system_packages = load("system_packages")


def with_python(path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the interpreter's search with nothing but `path` on PATH."""
    command = ["/bin/sh", str(SETUP / "with-python"), "-c", "import sys; print(sys.version_info >= (3, 11))"]
    variables = {"PATH": str(path), **variables}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def place(folder: Path, name: str, body: str) -> None:
    script = folder / name
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)


def test_an_interpreter_that_is_too_old_or_does_not_run_is_passed_over(tmp_path: Path) -> None:
    place(tmp_path, "python3", "exit 1")
    place(tmp_path, "python3.13", "exit 127")
    place(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    done = with_python(tmp_path)
    assert (done.returncode, done.stdout) == (0, "True\n")


def test_no_interpreter_is_one_sentence(tmp_path: Path) -> None:
    place(tmp_path, "python3", "exit 1")
    done = with_python(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Bridgecall needs Python 3.11 or newer")
    assert done.stderr.count("\n") == 1


def test_the_interpreter_can_be_named(tmp_path: Path) -> None:
    assert with_python(tmp_path, PYTHON=sys.executable).returncode == 0
    done = with_python(tmp_path, PYTHON="/nonexistent/python")
    assert (done.returncode, done.stderr) == (
        1,
        "PYTHON=/nonexistent/python is not a Python 3.11 or newer.\n",
    )


@pytest.mark.needs_program("make")
def test_make_run_without_a_display_is_one_sentence_and_status_2() -> None:
    variables = {
        key: value for key, value in os.environ.items() if "DISPLAY" not in key and "MAKE" not in key
    }
    done = subprocess.run(
        ["make", "--no-print-directory", "run"],
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith("Bridgecall needs a graphical display")


def test_only_what_decides_the_installation_asks_for_a_new_one(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    original = '[project]\nname = "x"\ndependencies = ["a>=1"]\n[tool.ruff]\nline-length = 100\n'
    pyproject.write_text(original)
    digest = environment.wanted(pyproject)
    pyproject.write_text(original.replace("100", "110") + "# a comment\n")
    assert environment.wanted(pyproject) == digest
    pyproject.write_text(original.replace("a>=1", "a>=2"))
    assert environment.wanted(pyproject) != digest


def test_when_an_environment_serves(tmp_path: Path) -> None:
    stamp = {"wanted": "abc", "root": str(tmp_path), "dev": False}
    assert environment.is_current(stamp, digest="abc", root=tmp_path, dev=False)
    assert not environment.is_current(stamp, digest="abc", root=tmp_path, dev=True), "no tests' tools"
    assert environment.is_current({**stamp, "dev": True}, digest="abc", root=tmp_path, dev=False)
    assert not environment.is_current(stamp, digest="def", root=tmp_path, dev=False), "other wishes"
    assert not environment.is_current(stamp, digest="abc", root=tmp_path / "moved", dev=False)
    assert not environment.is_current({}, digest="abc", root=tmp_path, dev=False)


@pytest.mark.parametrize("content", [None, "", "{", "[]", '"text"'])
def test_a_stamp_that_cannot_be_read_is_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "stamp.json"
    if content is not None:
        path.write_text(content)
    assert environment.read_stamp(path) == {}
    path.write_text(json.dumps({"dev": True}))
    assert environment.read_stamp(path) == {"dev": True}


def test_an_environment_without_a_python_that_runs_does_not_work(tmp_path: Path) -> None:
    assert not environment.works(tmp_path)
    (tmp_path / "bin").mkdir()
    place(tmp_path / "bin", "python", "exit 1")
    assert not environment.works(tmp_path)


def test_variables_that_bend_an_installation_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    clean = environment.clean_environment()
    assert "/elsewhere" not in clean.values()
    assert clean["PIP_USER"] == "0"


def test_a_missing_library_names_its_package() -> None:
    missing = system_packages.missing_for_run(
        lambda name: name not in ("libpulse.so.0", "libxcb-cursor.so.0")
    )
    packages = {each.package for each in missing}
    assert packages - {"fonts-dejavu-core"} == {"libpulse0", "libxcb-cursor0"}


def test_a_missing_program_names_its_package_and_any_alternative_will_do() -> None:
    there = ("google-chrome", "ip", "Xvfb", "janus", "turnserver", "redis-server", "makensis")
    missing = system_packages.missing_for_test(lambda name: name in there)
    assert [each.package for each in missing] == ["pulseaudio", "pulseaudio-utils"]


def test_the_loader_is_asked() -> None:
    assert system_packages.loads("libc.so.6")
    assert not system_packages.loads("libnosuchthing.so.0")


def test_a_program_is_looked_for_where_administrators_have_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert system_packages.on_path("nosuchprogram") is False
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert system_packages.on_path(Path(sys.executable).name)


def installation(folder: Path, apt: str, policy: Path) -> subprocess.CompletedProcess[str]:
    """Run what installs packages with services, with an apt-get of ours."""
    place(folder, "apt-get", apt)
    command = system_packages.without_services(
        ["apt-get", "install", "janus"], ["janus.service"], str(policy)
    )
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("status", [0, 100])
def test_services_are_not_started_while_packages_are_installed(tmp_path: Path, status: int) -> None:
    policy = tmp_path / "policy-rc.d"
    apt = f'"{policy}" janus start; echo "$* under $?"; exit {status}'
    done = installation(tmp_path, apt, policy)
    assert (done.returncode, done.stdout) == (status, "install janus under 101\n")
    assert not policy.exists()


def test_a_policy_of_the_machine_stays(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    place(tmp_path, policy.name, "exit 104")
    done = installation(tmp_path, f'"{policy}"; echo $?', policy)
    assert done.stdout == "104\n"
    assert policy.exists()


def test_every_service_belongs_to_a_package_of_the_tests() -> None:
    assert set(system_packages.SERVICES) <= set(system_packages.TEST_PROGRAMS.values())


def test_the_line_to_run_is_one_line() -> None:
    with_sudo = system_packages.line_to_run(["libegl1", "libgl1"], has_sudo=True)
    assert with_sudo.startswith("sudo sh -c 'apt-get update && apt-get install -y")
    assert with_sudo.endswith(" libegl1 libgl1'")
    assert system_packages.line_to_run(["libegl1"], has_sudo=False).startswith("su -c '")
    assert "\n" not in with_sudo


def test_who_may_not_install_is_told_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "root_prefix", lambda: None)
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(SystemExit) as stopped:
        system_packages.install([system_packages.Missing("libGL.so.1", "libgl1")])
    assert "sudo sh -c" in str(stopped.value)
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"misses libGL\.so\.1"):
        system_packages.install([system_packages.Missing("libGL.so.1", "libgl1")])
