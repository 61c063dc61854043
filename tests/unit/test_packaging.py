"""packaging/server: what is published, who reaches whom, and that the pages say the same."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from desktop_app.server.__main__ import _parser as parser
from desktop_app.server.shared.address import parse_redis_url

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packaging" / "server"
PAGE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
COMPOSE_TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TEMPLATES = sorted([*FOLDER.glob("*.jcfg"), *FOLDER.glob("*.conf")])
SECRETS = {"JANUS_ADMIN_KEY", "JANUS_API_SECRET", "TURN_SECRET", "REDIS_PASSWORD"}
PRIVATE_PORTS = {8188, 7188, 8088, 7088, 6379}
"""Janus's APIs and Redis."""

Port = tuple[str, str, str]
"""Port or range on the host, protocol, service."""


def published() -> dict[Port, str]:
    """Each published port, and the container's."""
    found = {}
    for service, options in SERVICES.items():
        for entry in options.get("ports", ()):
            mapping, _, protocol = re.sub(r"\$\{\w+:-(\d+)\}", r"\1", entry).partition("/")
            host, container = mapping.split(":")
            found[host, protocol or "tcp", service] = container
    return found


def documented() -> set[Port]:
    """The rows of the page's table of ports."""
    part = PAGE.partition("## Ports and firewall")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| ([0-9-]+) \| (udp|tcp) \| (\w+) \|", part, re.MULTILINE))


def test_the_published_ports_are_those_of_the_page() -> None:
    assert set(published()) == documented()


def test_the_api_of_janus_and_redis_are_not_published() -> None:
    for (host, _, service), container in published().items():
        for text in (host, container):
            first, _, last = text.partition("-")
            assert not PRIVATE_PORTS & set(range(int(first), int(last or first) + 1)), service
    assert "ports" not in SERVICES["redis"]
    assert all(protocol == "udp" for _, protocol, service in published() if service == "janus")
    assert not any("network_mode" in options or "expose" in options for options in SERVICES.values())


def test_the_signaling_server_alone_meets_janus_and_redis() -> None:
    def meets(service: str) -> set[str]:
        networks = set(SERVICES[service]["networks"])
        return {other for other, options in SERVICES.items() if networks & set(options["networks"])} - {
            service
        }

    assert meets("redis") == {"signaling"}
    assert meets("janus") == {"signaling"}
    assert meets("coturn") == set()
    internal = {name for name, options in COMPOSE["networks"].items() if options.get("internal")}
    assert set(SERVICES["redis"]["networks"]) <= internal


def test_the_ports_that_a_container_is_told_are_published() -> None:
    janus, coturn = SERVICES["janus"]["environment"], SERVICES["coturn"]["environment"]
    relayed = f"{coturn['TURN_MIN_PORT']}-{coturn['TURN_MAX_PORT']}"
    for service, ports in (("janus", janus["JANUS_RTP_PORTS"]), ("coturn", relayed)):
        assert published()[ports, "udp", service] == ports
    subnet = COMPOSE["networks"]["sfu"]["ipam"]["config"][0]["subnet"]
    assert subnet.startswith(janus["JANUS_ICE_IGNORE"]), "media would be offered on the network of the API"


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_may_do_nothing_special(service: str) -> None:
    options = SERVICES[service]
    assert options["cap_drop"] == ["ALL"]
    assert options["read_only"] is True
    assert options["security_opt"] == ["no-new-privileges:true"]
    stages = (FOLDER / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")
    stage = next(text for text in stages if text.startswith(f"base AS {options['build']['target']}\n"))
    assert "\nUSER bridgecall\n" in stage


def test_every_variable_is_documented_and_nothing_secret_is_written_down() -> None:
    example = (FOLDER / ".env.example").read_text(encoding="utf-8")
    start = (FOLDER / "start").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE_TEXT))
    assert wanted <= set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    for path in TEMPLATES:
        in_file = set(re.findall(r"\$\{([A-Z_]+)\}", path.read_text(encoding="utf-8"))) - {"NAME"}
        assert in_file, path
        assert all(re.search(rf"\b{name}\b", start) for name in in_file), path
        wanted |= in_file
    assert {name for name in wanted if f"`{name}`" not in PAGE} == set()
    assert not re.search(rf"^({'|'.join(SECRETS)})=.", example, re.MULTILINE)


def test_the_server_understands_what_compose_tells_it() -> None:
    values = {"PUBLIC_NAME": "meet.example.org"} | dict.fromkeys(SECRETS, "a-secret")
    service, *arguments = [
        re.sub(r"\$\{(\w+):\?\}", lambda name: values[name[1]], each)
        for each in SERVICES["signaling"]["command"]
    ]
    assert service == "signaling"
    options = parser().parse_args(arguments)
    assert [(each.url, each.admin_key, each.api_secret) for each in options.janus] == [
        ("ws://janus:8188", "a-secret", "a-secret")
    ]
    assert [each.secret for each in options.turn_server] == ["a-secret"] * 2
    redis_url = SERVICES["signaling"]["environment"]["BRIDGECALL_REDIS"].replace(
        "${REDIS_PASSWORD:?}", "a-secret"
    )
    assert str(parse_redis_url(redis_url)) == "redis://redis:6379/0"


def make_secrets(path: Path, *arguments: str) -> dict[str, str]:
    command = [sys.executable, str(FOLDER / "make-secrets"), "--file", str(path), *arguments]
    subprocess.run(command, check=True, capture_output=True)
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_secrets_are_made_once_and_anew_when_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "env"
    first = make_secrets(path)
    made = [first[name] for name in SECRETS]
    assert len(set(made)) == len(SECRETS)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(path.read_text().replace("203.0.113.10", "198.51.100.1") + "EXTRA=1\n")
    path.write_text(path.read_text().replace("#TLS_CERT=", "TLS_CERT="))
    second = make_secrets(path)
    assert second == first | {"PUBLIC_ADDRESS": "198.51.100.1", "EXTRA": "1", "TLS_CERT": ""}
    third = make_secrets(path, "--rotate")
    assert {name for name in third if third[name] != second[name]} == SECRETS


def start(folder: Path, service: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "RUN_DIR": str(folder), **variables}
    return subprocess.run(
        [FOLDER / "start", service], env=environment, capture_output=True, text=True, check=False
    )


def test_a_variable_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    done = start(tmp_path, "redis")
    assert (done.returncode, done.stderr) == (2, "start: REDIS_PASSWORD is not set; see .env.example.\n")
    assert start(tmp_path, "nonsense").returncode == 2


@pytest.mark.parametrize("value", ["two words", 'a"quote', "a\nsave 1 1", "back\\slash"])
def test_a_value_that_could_end_its_setting_is_refused(tmp_path: Path, value: str) -> None:
    done = start(tmp_path, "redis", REDIS_PASSWORD=value)
    assert done.returncode == 2
    assert "REDIS_PASSWORD holds a quote" in done.stderr


def test_the_group_for_the_server_alone_has_all_that_it_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    group = project["dependency-groups"]["server"]
    assert set(group) <= set(project["project"]["dependencies"]), "the same versions in both places"
    others = {
        re.split(r"[=<>]", entry)[0] for entry in project["project"]["dependencies"] if entry not in group
    }
    assert "PySide6" in others
    names = {"opencv-python": "cv2"}
    forbidden = sorted({names.get(each, each) for each in others})
    script = f"""
import sys
for name in {forbidden!r}: sys.modules[name] = None
import importlib, pkgutil, desktop_app.server
for each in pkgutil.walk_packages(desktop_app.server.__path__, "desktop_app.server."):
    importlib.import_module(each.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
